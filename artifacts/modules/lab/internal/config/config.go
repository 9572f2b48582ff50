// Package config reads k3s's configuration: flags, /etc/rancher/k3s/config.yaml and its drop-ins. A key that k3s
// (or this lab) does not know is refused with its name, for a misspelt key that is ignored changes nothing.
package config

import "github.com/spf13/pflag"

// Config is what a server or an agent is started with. Lists are in the order given.
type Config struct {
	Command string // server or agent

	Token, TokenFile, AgentToken string
	Server                       string // https://host:6443 of a server to join
	DataDir                      string
	NodeName, NodeIP             string
	NodeLabels, NodeTaints       []string
	PauseImage                   string
	KubeletArgs, ProxyArgs       []string

	TLSSANs                              []string
	WriteKubeconfig, WriteKubeconfigMode string
	ClusterCIDR, ServiceCIDR             string
	ClusterDNS, ClusterDomain            string
	Disable                              []string
	BindAddress, AdvertiseAddress        string
	HTTPSPort                            int
	APIServerArgs, ControllerArgs        []string
	SchedulerArgs                        []string
	ClusterInit, ClusterReset            bool
	ClusterResetRestorePath              string
}

// Paths of a default installation; k3s's own.
const (
	DefaultFile       = "/etc/rancher/k3s/config.yaml"
	DefaultDataDir    = "/var/lib/rancher/k3s"
	DefaultKubeconfig = "/etc/rancher/k3s/k3s.yaml"
	Socket            = "/run/k3s/containerd/containerd.sock"
)

// flags names every key once: on the command line with --, in the file without.
func (c *Config) flags() *pflag.FlagSet {
	set := pflag.NewFlagSet(c.Command, pflag.ContinueOnError)
	set.SortFlags = true
	set.StringVarP(&c.Token, "token", "t", "", "shared secret of the cluster")
	set.StringVar(&c.TokenFile, "token-file", "", "file that holds the token")
	set.StringVarP(&c.Server, "server", "s", "", "https URL of a server to join")
	set.StringVarP(&c.DataDir, "data-dir", "d", DefaultDataDir, "folder of all state")
	set.StringVar(&c.NodeName, "node-name", "", "name of this node (default: the host name)")
	set.StringVarP(&c.NodeIP, "node-ip", "i", "", "address of this node (default: of the default route)")
	set.StringSliceVar(&c.NodeLabels, "node-label", nil, "label set when the node registers, key=value")
	set.StringSliceVar(&c.NodeTaints, "node-taint", nil, "taint set when the node registers, key=value:effect")
	set.StringVar(&c.PauseImage, "pause-image", "muster.lab/pause:1", "image of every pod's sandbox")
	set.StringArrayVar(&c.KubeletArgs, "kubelet-arg", nil, "flag=value for the kubelet")
	set.StringArrayVar(&c.ProxyArgs, "kube-proxy-arg", nil, "flag=value for kube-proxy")
	if c.Command == "server" {
		c.serverFlags(set)
	}
	return set
}

func (c *Config) serverFlags(set *pflag.FlagSet) {
	set.StringVar(&c.AgentToken, "agent-token", "", "token with which agents, and only agents, join")
	set.StringSliceVar(&c.TLSSANs, "tls-san", nil, "further name or address in the API's certificate")
	set.StringVarP(&c.WriteKubeconfig, "write-kubeconfig", "o", DefaultKubeconfig, "where the administrator's kubeconfig goes")
	set.StringVar(&c.WriteKubeconfigMode, "write-kubeconfig-mode", "0600", "its mode, octal")
	set.StringVar(&c.ClusterCIDR, "cluster-cidr", "10.42.0.0/16", "network of the pods")
	set.StringVar(&c.ServiceCIDR, "service-cidr", "10.43.0.0/16", "network of the services")
	set.StringVar(&c.ClusterDNS, "cluster-dns", "10.43.0.10", "address of the DNS service")
	set.StringVar(&c.ClusterDomain, "cluster-domain", "cluster.local", "DNS domain of the cluster")
	set.StringSliceVar(&c.Disable, "disable", nil, "packaged component that is not wanted; the lab has none of them")
	set.StringVar(&c.BindAddress, "bind-address", "0.0.0.0", "address that the API listens on")
	set.StringVar(&c.AdvertiseAddress, "advertise-address", "", "address that members of the cluster reach the API at (default: node-ip)")
	set.IntVar(&c.HTTPSPort, "https-listen-port", 6443, "port of the API")
	set.StringArrayVar(&c.APIServerArgs, "kube-apiserver-arg", nil, "flag=value for kube-apiserver")
	set.StringArrayVar(&c.ControllerArgs, "kube-controller-manager-arg", nil, "flag=value for kube-controller-manager")
	set.StringArrayVar(&c.SchedulerArgs, "kube-scheduler-arg", nil, "flag=value for kube-scheduler")
	set.BoolVar(&c.ClusterInit, "cluster-init", false, "keep the cluster in embedded etcd")
	set.BoolVar(&c.ClusterReset, "cluster-reset", false, "make this the only member of the etcd cluster")
	set.StringVar(&c.ClusterResetRestorePath, "cluster-reset-restore-path", "", "snapshot that --cluster-reset restores")
}

// Server tells whether a control plane runs here.
func (c *Config) IsServer() bool { return c.Command == "server" }
