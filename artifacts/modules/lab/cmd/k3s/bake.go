package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"lab/internal/args"
	"lab/internal/config"
	"lab/internal/supervise"
)

// bakeCommand fills a data folder that will lie in a disk image: programs extracted, archives of agent/images
// imported and remembered. It runs on the host, natively, for under emulation the same takes minutes.
func bakeCommand(arguments []string) error {
	dataDir, err := dataDirFlag("bake", arguments)
	if err != nil {
		return err
	}
	if dataDir, err = filepath.Abs(dataDir); err != nil {
		return err
	}
	bin, err := programs(dataDir)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "k3s-bake-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	c := &config.Config{Command: "agent", DataDir: dataDir}
	if err := os.MkdirAll(c.AgentPath("images"), 0o755); err != nil {
		return err
	}
	file, socket := filepath.Join(scratch, "containerd.toml"), filepath.Join(scratch, "containerd.sock")
	text := args.ContainerdStore(c.AgentPath("containerd"), filepath.Join(scratch, "state"), socket)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	group := newChildren(ctx, supervise.NewLines(os.Stderr))
	defer group.wait.Wait()
	defer cancel()
	group.program("containerd", []string{filepath.Join(bin, "containerd"), "--config", file, "--log-level", "warn"})
	if err := waitForSocket(ctx, socket); err != nil {
		return fmt.Errorf("cannot bake %s: containerd did not start: %w", dataDir, err)
	}
	if err := importImages(ctx, c.AgentPath("images"), socket); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "ctr", "--address", socket, "--namespace", "k8s.io", "images", "list", "-q").CombinedOutput()
	fmt.Print(string(out))
	return err
}
