package args

import (
	"net"
	"strconv"

	"lab/internal/config"
)

// Datastore is where the API server keeps its objects: kine's socket, or etcd with client certificates.
type Datastore struct {
	Endpoint                  string
	CAFile, CertFile, KeyFile string
}

// APIServer: as k3s starts it, without the egress selector (there is no tunnel: nodes are reached directly).
func APIServer(c *config.Config, store Datastore) []string {
	f := flags{
		"advertise-address":                  c.AdvertiseAddress,
		"allow-privileged":                   "true",
		"anonymous-auth":                     "false",
		"api-audiences":                      issuer(c) + ",k3s",
		"authorization-mode":                 "Node,RBAC",
		"bind-address":                       c.BindAddress,
		"client-ca-file":                     c.TLS("client-ca.crt"),
		"enable-admission-plugins":           "NodeRestriction",
		"enable-aggregator-routing":          "true",
		"etcd-servers":                       store.Endpoint,
		"kubelet-certificate-authority":      c.TLS("server-ca.crt"),
		"kubelet-client-certificate":         c.TLS("client-kube-apiserver.crt"),
		"kubelet-client-key":                 c.TLS("client-kube-apiserver.key"),
		"kubelet-preferred-address-types":    "InternalIP,ExternalIP,Hostname",
		"profiling":                          "false",
		"proxy-client-cert-file":             c.TLS("client-auth-proxy.crt"),
		"proxy-client-key-file":              c.TLS("client-auth-proxy.key"),
		"requestheader-allowed-names":        "system:auth-proxy",
		"requestheader-client-ca-file":       c.TLS("request-header-ca.crt"),
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-username-headers":     "X-Remote-User",
		"secure-port":                        strconv.Itoa(c.HTTPSPort),
		"service-account-issuer":             issuer(c),
		"service-account-key-file":           c.TLS("service.key"),
		"service-account-signing-key-file":   c.TLS("service.key"),
		"service-cluster-ip-range":           c.ServiceCIDR,
		"tls-cert-file":                      c.TLS("serving-kube-apiserver.crt"),
		"tls-private-key-file":               c.TLS("serving-kube-apiserver.key"),
		"token-auth-file":                    c.ServerPath("cred", "passwd"),
	}
	if store.CAFile != "" {
		f["etcd-cafile"], f["etcd-certfile"], f["etcd-keyfile"] = store.CAFile, store.CertFile, store.KeyFile
	}
	return f.with(c.APIServerArgs)
}

// ControllerManager: client certificates are signed by the client CA, kubelets' serving certificates by the server's.
// All controllers share one identity: an account each (use-service-account-credentials) costs a hundred requests
// before the first controller runs, five seconds of a native start and much of an emulated one.
func ControllerManager(c *config.Config) []string {
	kubeconfig := c.ServerPath("cred", "controller.kubeconfig")
	f := flags{
		"allocate-node-cidrs":       "true",
		"authentication-kubeconfig": kubeconfig,
		"authorization-kubeconfig":  kubeconfig,
		"bind-address":              "127.0.0.1",
		"cluster-cidr":              c.ClusterCIDR,
		"cluster-signing-kube-apiserver-client-cert-file": c.TLS("client-ca.crt"),
		"cluster-signing-kube-apiserver-client-key-file":  c.TLS("client-ca.key"),
		"cluster-signing-kubelet-client-cert-file":        c.TLS("client-ca.crt"),
		"cluster-signing-kubelet-client-key-file":         c.TLS("client-ca.key"),
		"cluster-signing-kubelet-serving-cert-file":       c.TLS("server-ca.crt"),
		"cluster-signing-kubelet-serving-key-file":        c.TLS("server-ca.key"),
		"cluster-signing-legacy-unknown-cert-file":        c.TLS("server-ca.crt"),
		"cluster-signing-legacy-unknown-key-file":         c.TLS("server-ca.key"),
		"kubeconfig":                       kubeconfig,
		"kube-api-burst":                   "200",
		"kube-api-qps":                     "100",
		"leader-elect":                     leaderElect(c),
		"profiling":                        "false",
		"root-ca-file":                     c.TLS("server-ca.crt"),
		"service-account-private-key-file": c.TLS("service.key"),
		"service-cluster-ip-range":         c.ServiceCIDR,
		"tls-cert-file":                    c.TLS("serving-local.crt"),
		"tls-private-key-file":             c.TLS("serving-local.key"),
	}
	return f.with(c.ControllerArgs)
}

// Scheduler has, as the controller manager, a certificate given: by themselves both make RSA keys at each start.
func Scheduler(c *config.Config) []string {
	kubeconfig := c.ServerPath("cred", "scheduler.kubeconfig")
	f := flags{
		"authentication-kubeconfig": kubeconfig,
		"authorization-kubeconfig":  kubeconfig,
		"bind-address":              "127.0.0.1",
		"kubeconfig":                kubeconfig,
		"leader-elect":              leaderElect(c),
		"profiling":                 "false",
		"tls-cert-file":             c.TLS("serving-local.crt"),
		"tls-private-key-file":      c.TLS("serving-local.key"),
	}
	return f.with(c.SchedulerArgs)
}

// APISANs are the names and addresses in the API's certificate.
func APISANs(c *config.Config) []string {
	sans := []string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + c.ClusterDomain,
		"localhost", c.NodeName, "127.0.0.1", c.NodeIP, c.AdvertiseAddress, c.APIServiceIP(),
	}
	if c.BindAddress != "0.0.0.0" {
		sans = append(sans, c.BindAddress)
	}
	return unique(append(sans, c.TLSSANs...))
}

// LocalAPI is how components of this server reach its API.
func LocalAPI(c *config.Config) string {
	host := "127.0.0.1"
	if c.BindAddress != "0.0.0.0" {
		host = c.BindAddress
	}
	return "https://" + net.JoinHostPort(host, strconv.Itoa(c.HTTPSPort))
}

func issuer(c *config.Config) string { return "https://kubernetes.default.svc." + c.ClusterDomain }

// leaderElect: a single server waits for no lease at its start.
func leaderElect(c *config.Config) string { return strconv.FormatBool(c.ClusterInit || c.Server != "") }

func unique(values []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, value := range values {
		if value != "" && !seen[value] {
			seen[value] = true
			out = append(out, value)
		}
	}
	return out
}
