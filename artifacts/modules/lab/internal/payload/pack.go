package payload

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// Pack writes core and, behind it, the programs to out (0755), whole or not at all. The same input gives the same bytes.
func Pack(out, core string, programs []string) error {
	temporary, err := os.CreateTemp(filepath.Dir(out), ".pack-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	defer temporary.Close()
	if err := writeAll(temporary, core, programs); err != nil {
		return fmt.Errorf("cannot pack %s: %w", out, err)
	}
	if err := temporary.Chmod(0o755); err != nil {
		return err
	}
	if err := temporary.Sync(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), out)
}

func writeAll(w io.Writer, core string, programs []string) error {
	file, err := os.Open(core)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := Find(file); err == nil {
		return fmt.Errorf("%s is packed already", core)
	}
	if _, err := io.Copy(w, file); err != nil {
		return err
	}
	sum := sha256.New()
	count := &counter{}
	if err := writeTar(io.MultiWriter(w, sum, count), programs); err != nil {
		return err
	}
	return writeTrailer(w, sum.Sum(nil), count.n)
}

func writeTar(w io.Writer, programs []string) error {
	compressor, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressor)
	for _, program := range programs {
		data, err := os.ReadFile(program)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: filepath.Base(program), Mode: 0o755, Size: int64(len(data))}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(data); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressor.Close()
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
