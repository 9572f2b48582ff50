package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"lab/internal/supervise"
)

// children are what runs now: parts of this process, and programs beside it.
type children struct {
	ctx  context.Context
	log  io.Writer
	unit supervise.Notifier
	wait sync.WaitGroup
}

// gcPercent: collecting garbage less often spares an eighth of the processor's time of a start, for a tenth more
// memory.
const gcPercent = 300

// newChildren sets the garbage collector of this process, and by its environment that of the programs beside it.
func newChildren(ctx context.Context, log io.Writer) *children {
	if os.Getenv("GOGC") == "" {
		os.Setenv("GOGC", strconv.Itoa(gcPercent))
		debug.SetGCPercent(gcPercent)
	}
	return &children{ctx: ctx, log: log, unit: supervise.NewNotifier()}
}

// component starts a part of this process. One that ends takes the process with it, as with k3s: what it left in
// memory is not fit for another start, and systemd starts all anew.
func (c *children) component(name string, run component, args []string) {
	ended := make(chan error, 1)
	go func() { ended <- run(c.ctx, args) }()
	c.wait.Go(func() {
		select {
		case err := <-ended:
			if c.ctx.Err() == nil {
				fmt.Fprintf(c.log, "k3s: %s ended: %v\n", name, err)
				os.Exit(1)
			}
			return
		case <-c.ctx.Done():
		}
		select {
		case <-ended:
		case <-time.After(supervise.Grace):
		}
	})
}

// program starts any other and keeps it running until the context ends.
func (c *children) program(name string, argv []string) {
	c.wait.Go(func() { supervise.Run(c.ctx, supervise.Child{Name: name, Argv: argv}, c.log) })
}
