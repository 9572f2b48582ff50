package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"

	"lab/internal/args"
	"lab/internal/config"
)

// prepareNetwork sets what pods need of the kernel. In a container modules cannot be loaded but may be there, so what
// counts is the setting, not modprobe's word.
func prepareNetwork(ctx context.Context, log io.Writer) {
	exec.CommandContext(ctx, "modprobe", "-a", "overlay", "br_netfilter", "nf_conntrack").Run()
	for path, value := range map[string]string{
		"/proc/sys/net/ipv4/ip_forward":                "1",
		"/proc/sys/net/bridge/bridge-nf-call-iptables": "1",
		"/proc/sys/net/ipv4/conf/all/route_localnet":   "1",
		"/proc/sys/fs/inotify/max_user_instances":      "8192",
		"/proc/sys/fs/inotify/max_user_watches":        "524288",
	} {
		if now, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(now)) == value {
			continue
		}
		if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
			fmt.Fprintf(log, "k3s: cannot set %s to %s: %v\n", path, value, err)
		}
	}
}

// masquerade hides pods behind the node, for everyone but pods.
func masquerade(ctx context.Context, clusterCIDR string) error {
	command := exec.CommandContext(ctx, "nft", "-f", "-")
	command.Stdin = strings.NewReader(args.Masquerade(clusterCIDR))
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot set up masquerading: %w: %s", err, out)
	}
	return nil
}

// writeCNI gives containerd, which watches the folder, the network of this node's pods.
func writeCNI(c *config.Config, podCIDR string) error {
	file := c.AgentPath("etc", "cni", "net.d", "10-k3s-lab.conflist")
	text := []byte(args.CNI(podCIDR))
	if now, err := os.ReadFile(file); err == nil && bytes.Equal(now, text) {
		return nil
	}
	return writePrivate(file, text, 0o600)
}

// resolvConf is the host's, unless pods could reach none of its servers: then, as in k3s, a public one, which a lab
// without the internet never reaches either.
func resolvConf(c *config.Config) (string, error) {
	const host = "/etc/resolv.conf"
	data, _ := os.ReadFile(host)
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if address, err := netip.ParseAddr(fields[1]); err == nil && !address.IsLoopback() {
			return host, nil
		}
	}
	file := c.AgentPath("etc", "resolv.conf")
	return file, os.WriteFile(file, []byte("nameserver 8.8.8.8\n"), 0o644)
}
