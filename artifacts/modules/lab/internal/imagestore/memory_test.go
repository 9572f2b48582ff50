package imagestore

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func pending(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := Open(dir).Pending()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}

func TestEveryArchiveIsImportedAndNothingElse(t *testing.T) {
	dir := folder(t, "a.tar", "b.tar.gz", "c.tar.zst", "notes.txt", ".part.tar")
	if got := pending(t, dir); !slices.Equal(got, []string{"a.tar", "b.tar.gz", "c.tar.zst"}) {
		t.Fatalf("got %v", got)
	}
}

func TestAnUnchangedArchiveIsNotImportedAgain(t *testing.T) {
	dir := folder(t, "a.tar", "b.tar")
	if err := Open(dir).Imported(filepath.Join(dir, "a.tar")); err != nil {
		t.Fatal(err)
	}
	if got := pending(t, dir); !slices.Equal(got, []string{"b.tar"}) {
		t.Fatalf("got %v", got)
	}
}

func TestAChangedArchiveIsImportedAgain(t *testing.T) {
	dir := folder(t, "size.tar", "time.tar")
	for _, name := range []string{"size.tar", "time.tar"} {
		if err := Open(dir).Imported(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	info, _ := os.Stat(filepath.Join(dir, "size.tar"))
	os.WriteFile(filepath.Join(dir, "size.tar"), []byte("longer than before"), 0o644)
	os.Chtimes(filepath.Join(dir, "size.tar"), info.ModTime(), info.ModTime())
	later := time.Now().Add(time.Minute)
	os.Chtimes(filepath.Join(dir, "time.tar"), later, later)
	if got := pending(t, dir); !slices.Equal(got, []string{"size.tar", "time.tar"}) {
		t.Fatalf("got %v", got)
	}
}

func TestADamagedMemoryForgets(t *testing.T) {
	dir := folder(t, "a.tar", memoryFile)
	if got := pending(t, dir); !slices.Equal(got, []string{"a.tar"}) {
		t.Fatalf("got %v", got)
	}
}
