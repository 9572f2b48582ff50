package payload

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// Extract puts the programs behind executable into <dir>/<digest>/bin, once, and gives that folder. It is complete or
// not there: it appears by rename, after its digest was proven.
func Extract(executable, dir string) (string, error) {
	file, err := os.Open(executable)
	if err != nil {
		return "", err
	}
	defer file.Close()
	payload, err := Find(file)
	if err != nil {
		return "", err
	}
	home := filepath.Join(dir, payload.Digest)
	bin := filepath.Join(home, "bin")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	temporary, err := os.MkdirTemp(dir, ".extract-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temporary)
	if err := payload.unpack(file, temporary); err != nil {
		return "", fmt.Errorf("cannot extract the programs of %s: %w", executable, err)
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return "", err
	}
	// Another k3s may have been faster; what it made is the same.
	if err := os.Rename(temporary, home); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return bin, nil
}

func (p Payload) unpack(file *os.File, dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	sum := sha256.New()
	section := io.NewSectionReader(file, p.offset, p.size)
	reader := io.TeeReader(section, sum)
	stream, err := zstd.NewReader(reader, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := untar(stream, bin); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, reader); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.Digest {
		return fmt.Errorf("its payload has digest %s, expected %s", got, p.Digest)
	}
	return nil
}

func untar(stream io.Reader, bin string) error {
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if filepath.Base(header.Name) != header.Name {
			return fmt.Errorf("got entry %q, expected a plain name", header.Name)
		}
		if err := writeProgram(filepath.Join(bin, header.Name), archive); err != nil {
			return err
		}
	}
}

func writeProgram(path string, data io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, data)
	return errors.Join(err, file.Close())
}
