// Package payload keeps further programs behind an executable, as k3s does: one file to distribute. The file ends
// with a zstd-compressed tar, its SHA-256, its size and a mark.
package payload

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

const mark = "k3s-lab-payload1"

const trailerSize = sha256.Size + 8 + len(mark)

// ErrNone: the file has no payload, as before packing.
var ErrNone = errors.New("this k3s is not packed: no containerd is in it; build it with cmd/pack")

// Payload is the compressed tar inside an executable.
type Payload struct {
	Digest string // SHA-256 of the compressed tar, hex
	offset int64
	size   int64
}

// Find reads the trailer of a file. Errors: ErrNone, or those of the file.
func Find(file *os.File) (Payload, error) {
	info, err := file.Stat()
	if err != nil {
		return Payload{}, err
	}
	if info.Size() < int64(trailerSize) {
		return Payload{}, ErrNone
	}
	trailer := make([]byte, trailerSize)
	if _, err := file.ReadAt(trailer, info.Size()-int64(trailerSize)); err != nil {
		return Payload{}, err
	}
	if !bytes.HasSuffix(trailer, []byte(mark)) {
		return Payload{}, ErrNone
	}
	size := int64(binary.BigEndian.Uint64(trailer[sha256.Size:]))
	offset := info.Size() - int64(trailerSize) - size
	if offset < 0 || size < 0 {
		return Payload{}, fmt.Errorf("cannot read %s: its payload claims %d bytes", file.Name(), size)
	}
	return Payload{hex.EncodeToString(trailer[:sha256.Size]), offset, size}, nil
}

func writeTrailer(w io.Writer, digest []byte, size int64) error {
	trailer := append(append([]byte{}, digest...), binary.BigEndian.AppendUint64(nil, uint64(size))...)
	_, err := w.Write(append(trailer, mark...))
	return err
}
