package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"strconv"
	"time"

	"lab/internal/args"
	"lab/internal/bootstrap"
	"lab/internal/config"
	"lab/internal/pki"
	"lab/internal/token"
)

var (
	forClients = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	forServers = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
)

// writeIdentity issues what is missing and writes all that refers to it.
func writeIdentity(c *config.Config, files bootstrap.Files, password string) error {
	for _, name := range caNames {
		ca, err := pki.ParseCA(files[name+".crt"], files[name+".key"])
		if err != nil {
			return fmt.Errorf("cannot use %s: %w", c.TLS(name+".crt"), err)
		}
		for _, leaf := range leaves(c)[name] {
			if err := ca.Ensure(leaf, time.Now()); err != nil {
				return err
			}
		}
	}
	for _, ca := range []string{"server-ca.crt", "client-ca.crt"} {
		if err := os.WriteFile(c.AgentPath(ca), files[ca], 0o644); err != nil {
			return err
		}
	}
	if err := writeKubeconfigs(c); err != nil {
		return err
	}
	return writeTokens(c, files["server-ca.crt"], password)
}

// leaves are the certificates of this server and its node, by the CA that signs them; names are k3s's.
func leaves(c *config.Config) map[string][]pki.Leaf {
	server := func(name, common string, groups ...string) pki.Leaf {
		return pki.Leaf{CertFile: c.TLS(name + ".crt"), KeyFile: c.TLS(name + ".key"), CommonName: common, Organization: groups, Usage: forClients}
	}
	agent := func(name, common string, groups ...string) pki.Leaf {
		return pki.Leaf{CertFile: c.AgentPath(name + ".crt"), KeyFile: c.AgentPath(name + ".key"), CommonName: common, Organization: groups, Usage: forClients}
	}
	serving := server("serving-kube-apiserver", "kube-apiserver")
	serving.Usage, serving.SANs, serving.WithCA = forServers, args.APISANs(c), true
	kubelet := agent("serving-kubelet", c.NodeName)
	kubelet.Usage, kubelet.SANs = forServers, []string{c.NodeName, "localhost", "127.0.0.1", c.NodeIP}
	local := server("serving-local", "k3s-local")
	local.Usage, local.SANs = forServers, []string{"localhost", "127.0.0.1"}
	return map[string][]pki.Leaf{
		"server-ca":         {serving, kubelet, local},
		"request-header-ca": {server("client-auth-proxy", "system:auth-proxy")},
		"client-ca": {
			server("client-admin", "system:admin", "system:masters"),
			server("client-supervisor", "system:k3s-supervisor", "system:masters"),
			server("client-kube-apiserver", "system:apiserver", "system:masters"),
			server("client-controller", "system:kube-controller-manager", "system:masters"),
			server("client-scheduler", "system:kube-scheduler"),
			agent("client-kubelet", "system:node:"+c.NodeName, "system:nodes"),
			agent("client-kube-proxy", "system:kube-proxy"),
		},
	}
}

func writeKubeconfigs(c *config.Config) error {
	api, ca := args.LocalAPI(c), c.TLS("server-ca.crt")
	for file, cert := range map[string]string{
		c.ServerPath("cred", "controller.kubeconfig"): c.TLS("client-controller"),
		c.ServerPath("cred", "scheduler.kubeconfig"):  c.TLS("client-scheduler"),
		c.ServerPath("cred", "supervisor.kubeconfig"): c.TLS("client-supervisor"),
		c.AgentPath("kubelet.kubeconfig"):             c.AgentPath("client-kubelet"),
		c.AgentPath("kubeproxy.kubeconfig"):           c.AgentPath("client-kube-proxy"),
	} {
		if err := os.WriteFile(file, kubeconfig(api, ca, cert+".crt", cert+".key"), 0o600); err != nil {
			return err
		}
	}
	mode, err := strconv.ParseUint(c.WriteKubeconfigMode, 8, 9)
	if err != nil {
		return err
	}
	return writeAdminKubeconfig(c, api, os.FileMode(mode))
}

// writeTokens: server/token is the full form; agents may have one of their own.
func writeTokens(c *config.Config, ca []byte, password string) error {
	agents := password
	if c.AgentToken != "" {
		parsed, err := token.Parse(c.AgentToken)
		if err != nil {
			return err
		}
		agents = parsed.Password
	}
	server := token.Format(ca, "server", password) + "\n"
	node := server
	if agents != password {
		node = token.Format(ca, "node", agents) + "\n"
	}
	users := fmt.Sprintf("%s,k3s:server,server,\"system:bootstrappers\"\n", password)
	if agents != password {
		users += fmt.Sprintf("%s,k3s:node,node,\"system:bootstrappers\"\n", agents)
	}
	for file, text := range map[string]string{"token": server, "node-token": node, "cred/passwd": users} {
		if err := writePrivate(c.ServerPath(file), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
