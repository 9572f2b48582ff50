package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"lab/internal/config"
	"lab/internal/supervise"
	"lab/internal/token"
)

// runAgent joins a server with the token: its kubelet asks for a client certificate (TLS bootstrap) and keeps it.
func runAgent(c *config.Config) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	syscall.Umask(0o022)
	if err := c.ResolveNodeIP(); err != nil {
		return err
	}
	if err := os.MkdirAll(c.AgentPath("etc"), 0o700); err != nil {
		return err
	}
	t, _, err := token.Configured(c.Token, c.TokenFile)
	if err != nil {
		return err
	}
	group := newChildren(ctx, supervise.NewLines(os.Stdout))
	defer group.wait.Wait()
	defer cancel()
	node := &node{config: c, children: group}
	runtime := node.startRuntime()
	if err := node.join(ctx, t); err != nil {
		return err
	}
	if err := <-runtime; err != nil {
		return err
	}
	if err := node.startAgent(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	group.unit.Tell("STOPPING=1")
	return nil
}

// join waits for the server, trusts it by the token, and writes what the kubelet needs to ask for a certificate.
func (n *node) join(ctx context.Context, t token.Token) error {
	c := n.config
	said := ""
	for {
		err := n.tryJoin(ctx, t)
		var final *refused
		if err == nil || errors.As(err, &final) || ctx.Err() != nil {
			return err
		}
		if apierrors.IsUnauthorized(err) {
			return fmt.Errorf("cannot join %s: the server refuses the token", c.Server)
		}
		if err.Error() != said {
			said = err.Error()
			fmt.Fprintf(n.children.log, "k3s: waiting for %s: %s\n", c.Server, said)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (n *node) tryJoin(ctx context.Context, t token.Token) error {
	c := n.config
	ca, err := fetchCA(ctx, c.Server, t)
	if err != nil {
		return err
	}
	api := &rest.Config{Host: c.Server, BearerToken: t.Password, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
	shared, err := fetchShared(ctx, api)
	if err != nil {
		return err
	}
	c.ClusterCIDR, c.ClusterDNS, c.ClusterDomain = shared.clusterCIDR, shared.clusterDNS, shared.clusterDomain
	for file, text := range map[string][]byte{
		"server-ca.crt":        ca,
		"client-ca.crt":        []byte(shared.clientCA),
		"bootstrap.kubeconfig": tokenKubeconfig(c.Server, c.AgentPath("server-ca.crt"), t.Password),
	} {
		if err := writePrivate(c.AgentPath(file), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// startAgent: kube-proxy and the routes use the kubelet's certificate, which the kubelet renews.
func (n *node) startAgent(ctx context.Context) error {
	c := n.config
	if err := n.startKubelet(c.AgentPath("bootstrap.kubeconfig")); err != nil {
		return err
	}
	const current = "/var/lib/kubelet/pki/kubelet-client-current.pem"
	for !isThere(current) && ctx.Err() == nil {
		time.Sleep(200 * time.Millisecond)
	}
	text := kubeconfig(c.Server, c.AgentPath("server-ca.crt"), current, current)
	if err := writePrivate(c.AgentPath("kubeproxy.kubeconfig"), text, 0o600); err != nil {
		return err
	}
	n.startProxy()
	api, err := clientcmd.BuildConfigFromFlags("", c.AgentPath("kubeproxy.kubeconfig"))
	if err != nil {
		return err
	}
	registered, err := n.follow(api, c.ClusterCIDR)
	if err != nil {
		return err
	}
	select {
	case <-registered:
		fmt.Fprintf(n.children.log, "k3s: node %s has joined %s\n", c.NodeName, c.Server)
		n.children.unit.Tell("READY=1")
	case <-ctx.Done():
	}
	return nil
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
