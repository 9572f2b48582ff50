package config

import (
	"net"
	"net/netip"
	"path/filepath"
)

// ServerPath is a path under <data-dir>/server.
func (c *Config) ServerPath(parts ...string) string {
	return filepath.Join(append([]string{c.DataDir, "server"}, parts...)...)
}

// AgentPath is a path under <data-dir>/agent.
func (c *Config) AgentPath(parts ...string) string {
	return filepath.Join(append([]string{c.DataDir, "agent"}, parts...)...)
}

// TLS is a path under <data-dir>/server/tls.
func (c *Config) TLS(name string) string { return c.ServerPath("tls", name) }

// APIServiceIP is the first address of the service network: the API as pods see it.
func (c *Config) APIServiceIP() string {
	prefix, err := netip.ParsePrefix(c.ServiceCIDR)
	if err != nil {
		return ""
	}
	return prefix.Masked().Addr().Next().String()
}

// ResolveNodeIP fills node-ip with the source address of the default route, as k3s does; nothing is sent.
func (c *Config) ResolveNodeIP() error {
	if c.NodeIP == "" {
		connection, err := net.Dial("udp4", "192.0.2.1:9")
		if err != nil {
			return &noRoute{err}
		}
		defer connection.Close()
		c.NodeIP = connection.LocalAddr().(*net.UDPAddr).IP.String()
	}
	if c.AdvertiseAddress == "" {
		c.AdvertiseAddress = c.NodeIP
	}
	return nil
}

type noRoute struct{ cause error }

func (e *noRoute) Error() string {
	return "cannot choose this node's address: no default route (" + e.cause.Error() + "); set node-ip"
}

func (e *noRoute) Unwrap() error { return e.cause }
