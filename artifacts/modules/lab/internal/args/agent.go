package args

import (
	"fmt"
	"strings"

	"lab/internal/config"
)

// CNIPlugins is where Debian's containernetworking-plugins puts them.
const CNIPlugins = "/usr/lib/cni"

// Kubelet: flags of the configuration win over KubeletConfig, as the kubelet has it. bootstrap: a kubeconfig with the
// join token, on agents; a server issues its kubelet's certificate itself.
func Kubelet(c *config.Config, bootstrap string) []string {
	f := flags{
		"config":            c.AgentPath("etc", "kubelet.conf"),
		"hostname-override": c.NodeName,
		"kubeconfig":        c.AgentPath("kubelet.kubeconfig"),
		"node-ip":           c.NodeIP,
	}
	if bootstrap != "" {
		f["bootstrap-kubeconfig"] = bootstrap
	}
	if len(c.NodeLabels) > 0 {
		f["node-labels"] = strings.Join(c.NodeLabels, ",")
	}
	if len(c.NodeTaints) > 0 {
		f["register-with-taints"] = strings.Join(c.NodeTaints, ",")
	}
	return f.with(c.KubeletArgs)
}

// KubeletConfig: images cannot be pulled again in a lab, so none is collected. What containers cannot do
// (oom scores, swap, cgroup v1 hosts) is off everywhere: harmless on machines.
func KubeletConfig(c *config.Config, resolvConf string) string {
	serving := fmt.Sprintf("tlsCertFile: %s\ntlsPrivateKeyFile: %s\n", c.AgentPath("serving-kubelet.crt"), c.AgentPath("serving-kubelet.key"))
	if !c.IsServer() {
		serving = "serverTLSBootstrap: true\nrotateCertificates: true\n"
	}
	return `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: ` + c.AgentPath("client-ca.crt") + ` }
authorization: { mode: Webhook }
cgroupDriver: cgroupfs
clusterDNS: [` + c.ClusterDNS + `]
clusterDomain: ` + c.ClusterDomain + `
containerRuntimeEndpoint: unix://` + config.Socket + `
evictionHard: { imagefs.available: 5%, nodefs.available: 5% }
failCgroupV1: false
failSwapOn: false
healthzBindAddress: 127.0.0.1
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
nodeStatusMaxImages: -1
oomScoreAdj: 0
resolvConf: ` + resolvConf + `
` + serving
}

// Proxy: sysctls of conntrack belong to the host, not to a container; node ports answer on every address, as in k3s,
// since behind user-mode networking requests arrive at another address than node-ip.
func Proxy(c *config.Config) []string {
	f := flags{
		"conntrack-max-per-core":            "0",
		"conntrack-tcp-timeout-close-wait":  "0s",
		"conntrack-tcp-timeout-established": "0s",
		"healthz-bind-address":              "127.0.0.1",
		"hostname-override":                 c.NodeName,
		"kubeconfig":                        c.AgentPath("kubeproxy.kubeconfig"),
		"metrics-bind-address":              "127.0.0.1",
		"nodeport-addresses":                "0.0.0.0/0",
		"proxy-mode":                        "nftables",
	}
	return f.with(c.ProxyArgs)
}

// ContainerdStore is the part of containerd's config.toml (version 3) that a folder of images needs.
func ContainerdStore(root, state, socket string) string {
	return fmt.Sprintf(`version = 3
root = %q
state = %q
disabled_plugins = [
  "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing", "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
address = %q
`, root, state, socket)
}

// Containerd is its config.toml on a node. It would ask every container's shim for its use once a second: that alone is
// half of an emulated processor, and the kubelet reads the control groups itself.
func Containerd(c *config.Config) string {
	store := ContainerdStore(c.AgentPath("containerd"), "/run/k3s/containerd", config.Socket)
	return store + fmt.Sprintf(`
[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = %q

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
disable_apparmor = true
stats_collect_period = "30s"
enable_unprivileged_ports = true
enable_unprivileged_icmp = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = [%q]
conf_dir = %q
use_internal_loopback = true
[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false
`, c.PauseImage, CNIPlugins, c.AgentPath("etc", "cni", "net.d"))
}

// CNI is the network of this node's pods. Masquerading is one nft table of the node (Masquerade), not several iptables calls a pod.
func CNI(podCIDR string) string {
	return fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": "cbr0",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "hairpinMode": true, "forceAddress": true,
      "ipam": { "type": "host-local", "ranges": [[{ "subnet": %q }]] }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
`, podCIDR)
}

// Masquerade is the nft script that hides pods behind the node for everyone but pods.
func Masquerade(clusterCIDR string) string {
	return fmt.Sprintf(`add table ip k3s-lab
delete table ip k3s-lab
table ip k3s-lab {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr %[1]s ip daddr != %[1]s ip daddr != 224.0.0.0/4 masquerade
  }
}
`, clusterCIDR)
}
