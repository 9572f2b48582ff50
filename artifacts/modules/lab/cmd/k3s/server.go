package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/rest"

	"lab/internal/args"
	"lab/internal/config"
	"lab/internal/supervise"
)

// runServer starts a control plane and its node, in the order of what needs what and nothing later than it can.
// It returns after everything has stopped.
func runServer(c *config.Config) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := prepareServer(c); err != nil {
		return err
	}
	log := supervise.NewLines(os.Stdout)
	group := newChildren(ctx, log)
	defer group.wait.Wait() // The datastore below stops after what uses it: deferred calls run backwards.
	defer cancel()
	node := &node{config: c, children: group}
	runtime := node.startRuntime()
	store, err := openDatastore(c, log)
	if err != nil {
		return err
	}
	defer func() {
		cancel()
		group.wait.Wait()
		store.close()
	}()
	if err := establish(ctx, c, store); err != nil {
		return err
	}
	group.component("kube-apiserver", runAPIServer, args.APIServer(c, store.flags()))
	if err := <-runtime; err != nil {
		return err
	}
	if err := startNode(ctx, c, node, group); err != nil {
		return err
	}
	<-ctx.Done()
	group.unit.Tell("STOPPING=1")
	return nil
}

func prepareServer(c *config.Config) error {
	syscall.Umask(0o022)
	if err := c.ResolveNodeIP(); err != nil {
		return err
	}
	for _, dir := range []string{c.ServerPath("db"), c.ServerPath("cred"), c.ServerPath("tls"), c.AgentPath()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return os.MkdirAll(c.ServerPath("manifests"), 0o700)
}

// startNode follows the API: the kubelet registers as soon as requests are served, the others want its roles.
func startNode(ctx context.Context, c *config.Config, node *node, group *children) error {
	api := adminAPI(c)
	if !waitFor(ctx, api, "/api") {
		return nil
	}
	node.startKubelet("")
	if !waitFor(ctx, api, "/readyz") {
		return nil
	}
	group.component("kube-controller-manager", runControllerManager, args.ControllerManager(c))
	group.component("kube-scheduler", runScheduler, args.Scheduler(c))
	node.startProxy()
	registered, err := node.follow(api, c.ClusterCIDR)
	if err != nil {
		return err
	}
	group.wait.Go(func() { labelServer(ctx, api, c.NodeName, registered) })
	group.wait.Go(func() { deploy(ctx, api, c, group.log) })
	group.wait.Go(func() { approveServing(ctx, api, group.log) })
	select {
	case <-registered:
		fmt.Fprintf(group.log, "k3s: k3s is up and running, node %s has registered\n", c.NodeName)
		group.unit.Tell("READY=1")
	case <-ctx.Done():
	}
	return nil
}

// waitFor asks a path of the API until it answers 200. false: ctx ended first.
func waitFor(ctx context.Context, api *rest.Config, path string) bool {
	transport, err := rest.TransportFor(api)
	if err != nil {
		panic(err) // Our own files, written moments ago.
	}
	for ctx.Err() == nil {
		if ask(ctx, transport, api.Host+path) {
			return true
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return false
}
