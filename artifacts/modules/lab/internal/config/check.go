package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// packaged are the components that k3s knows how to leave out.
var packaged = []string{"coredns", "local-storage", "metrics-server", "servicelb", "traefik", "runtimes"}

var nodeName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

// check fills what depends on the host and refuses what cannot work, every problem at once.
func (c *Config) check() error {
	var problems []error
	bad := func(key, got, expected string) {
		problems = append(problems, fmt.Errorf("cannot use %s: got %q, expected %s", key, got, expected))
	}
	if c.NodeName == "" {
		host, _ := os.Hostname()
		c.NodeName = strings.ToLower(host)
	}
	if !nodeName.MatchString(c.NodeName) || len(c.NodeName) > 63 {
		bad("node-name", c.NodeName, "lower-case letters, digits, '-' and '.', at most 63")
	}
	if c.NodeIP != "" && !isAddress(c.NodeIP) {
		bad("node-ip", c.NodeIP, "an IPv4 address")
	}
	if !filepath.IsAbs(c.DataDir) {
		bad("data-dir", c.DataDir, "an absolute path")
	}
	if c.Token != "" && c.TokenFile != "" {
		bad("token-file", c.TokenFile, "token or token-file, not both")
	}
	if u, err := url.Parse(c.Server); c.Server != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		bad("server", c.Server, "https://host:6443")
	}
	if c.IsServer() {
		c.checkServer(bad)
	} else {
		c.checkAgent(bad)
	}
	return errors.Join(problems...)
}

func (c *Config) checkAgent(bad func(key, got, expected string)) {
	if c.Server == "" {
		bad("server", "", "the URL of the server to join")
	}
	if c.Token == "" && c.TokenFile == "" {
		bad("token", "", "the server's token")
	}
}

func (c *Config) checkServer(bad func(key, got, expected string)) {
	pods, podErr := netip.ParsePrefix(c.ClusterCIDR)
	if podErr != nil || !pods.Addr().Is4() || pods.Bits() > 24 {
		bad("cluster-cidr", c.ClusterCIDR, "an IPv4 network of at least a /24, as 10.42.0.0/16")
	}
	services, serviceErr := netip.ParsePrefix(c.ServiceCIDR)
	if serviceErr != nil || !services.Addr().Is4() {
		bad("service-cidr", c.ServiceCIDR, "an IPv4 network, as 10.43.0.0/16")
	} else if dns, err := netip.ParseAddr(c.ClusterDNS); err != nil || !services.Contains(dns) {
		bad("cluster-dns", c.ClusterDNS, "an address in service-cidr "+c.ServiceCIDR)
	}
	if podErr == nil && serviceErr == nil && pods.Overlaps(services) {
		bad("service-cidr", c.ServiceCIDR, "a network apart from cluster-cidr "+c.ClusterCIDR)
	}
	for _, name := range c.Disable {
		if !slices.Contains(packaged, name) {
			bad("disable", name, "one of "+strings.Join(packaged, ", "))
		}
	}
	if !isAddress(c.BindAddress) {
		bad("bind-address", c.BindAddress, "an IPv4 address")
	}
	if c.AdvertiseAddress != "" && !isAddress(c.AdvertiseAddress) {
		bad("advertise-address", c.AdvertiseAddress, "an IPv4 address")
	}
	if c.HTTPSPort < 1 || c.HTTPSPort > 65535 {
		bad("https-listen-port", strconv.Itoa(c.HTTPSPort), "1 to 65535")
	}
	if _, err := strconv.ParseUint(c.WriteKubeconfigMode, 8, 9); err != nil {
		bad("write-kubeconfig-mode", c.WriteKubeconfigMode, "an octal mode, as 0600")
	}
	if c.ClusterResetRestorePath != "" && !c.ClusterReset {
		bad("cluster-reset-restore-path", c.ClusterResetRestorePath, "--cluster-reset beside it")
	}
}

func isAddress(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is4()
}
