// Package supervise runs the components as children: output with a prefix, restarted with back-off, gone when k3s is.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Child is a program to keep running.
type Child struct {
	Name string
	Argv []string
}

// Grace is how long something may take to stop.
const Grace = 8 * time.Second

const (
	firstDelay = 200 * time.Millisecond
	longest    = 10 * time.Second
)

// Run keeps the child running until ctx ends, then stops it: TERM, and KILL after the grace. It returns when the
// child is gone. A child that ran for a minute starts again at once; one that dies early waits ever longer.
func Run(ctx context.Context, child Child, log io.Writer) {
	delay := firstDelay
	for ctx.Err() == nil {
		started := time.Now()
		err := runOnce(ctx, child, log)
		if ctx.Err() != nil {
			return
		}
		if time.Since(started) > time.Minute {
			delay = firstDelay
		}
		fmt.Fprintf(log, "k3s: %s ended (%v), starting it again in %v\n", child.Name, describe(err), delay)
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
		delay = min(delay*2, longest)
	}
}

func runOnce(ctx context.Context, child Child, log io.Writer) error {
	// Pdeathsig is sent when the thread that started the child ends: it must be ours until then.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	output := newPrefixer(log, child.Name)
	defer output.flush()
	command := exec.Command(child.Argv[0], child.Argv[1:]...)
	command.Stdout, command.Stderr = output, output
	// What a child leaves behind (shims) may hold its output open.
	command.WaitDelay = time.Second
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go stopOnCancel(ctx, command.Process.Pid, ended)
	return command.Wait()
}

// stopOnCancel ends the child's whole group. Shims of containers have groups of their own and stay.
func stopOnCancel(ctx context.Context, pid int, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	syscall.Kill(-pid, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(Grace):
		syscall.Kill(-pid, syscall.SIGKILL)
	}
}

func describe(err error) string {
	if err == nil {
		return "exit status 0"
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return "its output stayed open"
	}
	return err.Error()
}
