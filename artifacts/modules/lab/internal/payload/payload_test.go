package payload

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func packed(t *testing.T) (file, dir string) {
	t.Helper()
	dir = t.TempDir()
	out := filepath.Join(dir, "k3s")
	if err := Pack(out, write(t, filepath.Join(dir, "core"), "core"), []string{write(t, filepath.Join(dir, "ctr"), "the ctr")}); err != nil {
		t.Fatal(err)
	}
	return out, dir
}

func TestWhatWasPackedIsExtractedOnce(t *testing.T) {
	file, dir := packed(t)
	bin, err := Extract(file, filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(bin, "ctr")); string(got) != "the ctr" {
		t.Fatalf("got %q", got)
	}
	write(t, filepath.Join(bin, "stamp"), "")
	if again, err := Extract(file, filepath.Join(dir, "data")); err != nil || again != bin {
		t.Fatalf("second: got %q, %v", again, err)
	}
	if _, err := os.Stat(filepath.Join(bin, "stamp")); err != nil {
		t.Fatal("extracted a second time")
	}
}

func TestADamagedPayloadLeavesNothing(t *testing.T) {
	for name, at := range map[string]func(size int) int{
		"in the programs": func(int) int { return len("core") + 20 },
		"in their digest": func(size int) int { return size - trailerSize },
	} {
		file, dir := packed(t)
		data, _ := os.ReadFile(file)
		data[at(len(data))] ^= 1
		write(t, file, string(data))
		target := filepath.Join(dir, "data")
		if bin, err := Extract(file, target); err == nil {
			t.Errorf("%s: got %q, expected a refusal", name, bin)
		}
		if left, _ := os.ReadDir(target); len(left) != 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

func TestAnUnpackedProgramSaysSo(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "core without a payload, longer than any trailer that could ever stand behind it"} {
		if _, err := Extract(write(t, filepath.Join(dir, "core"), text), dir); !errors.Is(err, ErrNone) {
			t.Errorf("got %v", err)
		}
	}
}
