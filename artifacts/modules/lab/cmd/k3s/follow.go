package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// follow watches the nodes: this one's podCIDR becomes its CNI configuration, every other's a route. The channel is
// closed once this node has registered.
func (n *node) follow(api *rest.Config, clusterCIDR string) (<-chan struct{}, error) {
	if err := masquerade(n.children.ctx, clusterCIDR); err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(api)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	nodes := factory.Core().V1().Nodes()
	changed := make(chan struct{}, 1)
	poke := func(any) {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	_, err = nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: poke, DeleteFunc: poke, UpdateFunc: func(_, now any) { poke(now) },
	})
	if err != nil {
		return nil, err
	}
	factory.Start(n.children.ctx.Done())
	registered := make(chan struct{})
	n.children.wait.Go(func() {
		once := sync.OnceFunc(func() { close(registered) })
		for {
			select {
			case <-n.children.ctx.Done():
				return
			case <-changed:
			}
			all, _ := nodes.Lister().List(labels.Everything())
			if err := n.reconcile(all, once); err != nil {
				fmt.Fprintf(n.children.log, "k3s: %v\n", err)
				time.AfterFunc(time.Second, func() { poke(nil) })
			}
		}
	})
	return registered, nil
}

// reconcile does what it can: one node out of reach keeps no other from being reached.
func (n *node) reconcile(nodes []*corev1.Node, registered func()) error {
	var problems []error
	for _, other := range nodes {
		if other.Name != n.config.NodeName {
			problems = append(problems, routeTo(other, n.config.NodeIP))
			continue
		}
		if other.Spec.PodCIDR != "" {
			problems = append(problems, writeCNI(n.config, other.Spec.PodCIDR))
		}
		registered()
	}
	return errors.Join(problems...)
}

// routeTo sends a node's pods to that node: the whole network between nodes. A node that leaves keeps its route
// until its podCIDR is given to another; nothing answers there.
func routeTo(other *corev1.Node, self string) error {
	_, destination, err := net.ParseCIDR(other.Spec.PodCIDR)
	if err != nil {
		return nil // Not assigned yet.
	}
	for _, address := range other.Status.Addresses {
		if address.Type != corev1.NodeInternalIP || address.Address == self {
			continue
		}
		route := &netlink.Route{Dst: destination, Gw: net.ParseIP(address.Address)}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("cannot route %s to node %s at %s: %w", destination, other.Name, address.Address, err)
		}
		return nil
	}
	return nil
}

// labelServer marks the node as k3s does: a kubelet may not give itself a role.
func labelServer(ctx context.Context, api *rest.Config, name string, registered <-chan struct{}) {
	select {
	case <-registered:
	case <-ctx.Done():
		return
	}
	client := kubernetes.NewForConfigOrDie(api)
	patch := []byte(`{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":"true"}}}`)
	for ctx.Err() == nil {
		_, err := client.CoreV1().Nodes().Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: "k3s"})
		if err == nil {
			return
		}
		time.Sleep(time.Second)
	}
}
