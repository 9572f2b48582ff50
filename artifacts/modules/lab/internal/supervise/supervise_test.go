package supervise

import (
	"context"
	"io"
	"strings"
	"testing"
)

// watched ends the context when the log has the text so many times.
type watched struct {
	log   strings.Builder
	until string
	times int
	stop  context.CancelFunc
}

func (w *watched) Write(p []byte) (int, error) {
	w.log.Write(p)
	if strings.Count(w.log.String(), w.until) >= w.times {
		w.stop()
	}
	return len(p), nil
}

func run(script, until string, times int) string {
	ctx, cancel := context.WithCancel(context.Background())
	log := &watched{until: until, times: times, stop: cancel}
	Run(ctx, Child{Name: "x", Argv: []string{"/bin/sh", "-c", script}}, NewLines(log))
	return log.log.String()
}

func TestADyingChildIsStartedAgain(t *testing.T) {
	log := run("echo up; exit 3", "x: up\n", 2)
	if !strings.Contains(log, "x ended (exit status 3), starting it again in 200ms") {
		t.Fatalf("got %q", log)
	}
}

func TestStoppingEndsTheWholeGroup(t *testing.T) {
	// The child waits for its own child; both must go, or Run would not return.
	log := run("sleep 1000 & trap 'kill $!; echo bye; exit' TERM; echo up; wait", "x: up\n", 1)
	if !strings.Contains(log, "x: bye\n") {
		t.Fatalf("got %q", log)
	}
}

func TestEachLineNamesItsComponent(t *testing.T) {
	var log strings.Builder
	p := newPrefixer(&log, "kine")
	io.WriteString(p, "one\ntw")
	io.WriteString(p, "o\nthree")
	p.flush()
	if got := log.String(); got != "kine: one\nkine: two\nkine: three\n" {
		t.Fatalf("got %q", got)
	}
}
