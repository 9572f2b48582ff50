// Package imagestore remembers which archives of agent/images were imported, so that an unchanged one is not
// imported again: under emulation that costs minutes.
package imagestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// memoryFile is k3s's own name for it.
const memoryFile = ".cache.json"

// Seen identifies an archive without reading it. Seconds, for an image of a disk keeps no more.
type Seen struct {
	Size  int64 `json:"size"`
	Mtime int64 `json:"mtime"`
}

// Store is a folder of image archives.
type Store struct {
	dir  string
	seen map[string]Seen
}

// Open reads the memory. One that cannot be read is no memory: everything is imported again.
func Open(dir string) *Store {
	s := &Store{dir: dir, seen: map[string]Seen{}}
	if data, err := os.ReadFile(filepath.Join(dir, memoryFile)); err == nil && json.Unmarshal(data, &s.seen) != nil {
		s.seen = map[string]Seen{}
	}
	return s
}

// Pending are the archives to import, by name; the others are in the store of containerd already.
func (s *Store) Pending() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the image archives: %w", err)
	}
	var pending []string
	for _, entry := range entries {
		if !isArchive(entry.Name()) {
			continue
		}
		now, err := look(filepath.Join(s.dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		if known, ok := s.seen[entry.Name()]; !ok || known != now {
			pending = append(pending, filepath.Join(s.dir, entry.Name()))
		}
	}
	sort.Strings(pending)
	return pending, nil
}

// Imported remembers an archive. Call it after containerd has all of it.
func (s *Store) Imported(path string) error {
	now, err := look(path)
	if err != nil {
		return err
	}
	s.seen[filepath.Base(path)] = now
	data, err := json.Marshal(s.seen)
	if err != nil {
		return err
	}
	temporary := filepath.Join(s.dir, memoryFile+".new")
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(s.dir, memoryFile))
}

func look(path string) (Seen, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Seen{}, err
	}
	return Seen{info.Size(), info.ModTime().Unix()}, nil
}

func isArchive(name string) bool {
	for _, suffix := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.zstd"} {
		if strings.HasSuffix(name, suffix) && !strings.HasPrefix(name, ".") {
			return true
		}
	}
	return false
}
