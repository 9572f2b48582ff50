package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"lab/internal/args"
	"lab/internal/config"
	"lab/internal/imagestore"
)

// node is the part of k3s that every machine has: containerd, kubelet, kube-proxy, the pods' network.
type node struct {
	config   *config.Config
	children *children
}

// startRuntime starts containerd and imports images beside the control plane. The channel gives one value: nil when
// pods can be started.
func (n *node) startRuntime() <-chan error {
	done := make(chan error, 1)
	n.children.wait.Go(func() { done <- n.runtime() })
	return done
}

func (n *node) runtime() error {
	bin, err := programs(n.config.DataDir)
	if err != nil {
		return err
	}
	for _, dir := range []string{n.config.AgentPath("etc", "cni", "net.d"), n.config.AgentPath("images"), filepath.Dir(config.Socket)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	file := n.config.AgentPath("etc", "containerd.toml")
	if err := os.WriteFile(file, []byte(args.Containerd(n.config)), 0o600); err != nil {
		return err
	}
	n.children.program("containerd", []string{filepath.Join(bin, "containerd"), "--config", file})
	prepareNetwork(n.children.ctx, n.children.log)
	if err := waitForSocket(n.children.ctx, config.Socket); err != nil {
		return err
	}
	return importImages(n.children.ctx, n.config.AgentPath("images"), config.Socket)
}

// importImages gives containerd what it has not seen yet. One archive that cannot be imported stops the start: a node
// without its images would be Ready and useless.
func importImages(ctx context.Context, dir, socket string) error {
	store := imagestore.Open(dir)
	pending, err := store.Pending()
	if err != nil {
		return err
	}
	for _, archive := range pending {
		started := time.Now()
		out, err := exec.CommandContext(ctx, "ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", archive).CombinedOutput()
		if err != nil {
			return fmt.Errorf("cannot import %s: %w: %s", archive, err, out)
		}
		if err := store.Imported(archive); err != nil {
			return err
		}
		fmt.Printf("k3s: imported %s in %v\n", archive, time.Since(started).Round(100*time.Millisecond))
	}
	return nil
}

func waitForSocket(ctx context.Context, path string) error {
	for ctx.Err() == nil {
		if connection, err := net.Dial("unix", path); err == nil {
			return connection.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return ctx.Err()
}

// startKubelet: bootstrap is the kubeconfig with the join token, on agents.
func (n *node) startKubelet(bootstrap string) error {
	resolv, err := resolvConf(n.config)
	if err != nil {
		return err
	}
	text := args.KubeletConfig(n.config, resolv)
	if err := os.WriteFile(n.config.AgentPath("etc", "kubelet.conf"), []byte(text), 0o600); err != nil {
		return err
	}
	n.children.component("kubelet", runKubelet, args.Kubelet(n.config, bootstrap))
	return nil
}

func (n *node) startProxy() { n.children.component("kube-proxy", runProxy, args.Proxy(n.config)) }
