package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"lab/internal/config"
	"lab/internal/token"
)

const nodePrefix = "system:node:"

func cutNode(user string) (string, bool) { return strings.CutPrefix(user, nodePrefix) }

// joinManifest lets the token's user become a node, nodes run kube-proxy and know each other, and tells agents what
// they must share with the server.
func joinManifest(c *config.Config) string {
	bind := func(name, role, group string) string {
		return fmt.Sprintf(`---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "k3s-lab:%s"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "%s"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "%s"}]
`, name, role, group)
	}
	const csr = "system:certificates.k8s.io:certificatesigningrequests:"
	return bind("join", "system:node-bootstrapper", "system:bootstrappers") +
		bind("approve-join", csr+"nodeclient", "system:bootstrappers") +
		bind("approve-renewal", csr+"selfnodeclient", "system:nodes") +
		bind("node-proxier", "system:node-proxier", "system:nodes") +
		fmt.Sprintf(`---
apiVersion: v1
kind: ConfigMap
metadata: {name: k3s-lab, namespace: kube-system}
data: {clusterCIDR: %q, clusterDNS: %q, clusterDomain: %q}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "k3s-lab:join", namespace: kube-system}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [k3s-lab, extension-apiserver-authentication], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: "k3s-lab:join", namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "k3s-lab:join"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:bootstrappers"}]
`, c.ClusterCIDR, c.ClusterDNS, c.ClusterDomain)
}

// fetchCA takes the server's CA from its handshake and proves it by the token before anything secret is sent.
// A bare password trusts the CA that it meets, as in k3s.
func fetchCA(ctx context.Context, server string, t token.Token) ([]byte, error) {
	target, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	host := target.Host
	if target.Port() == "" {
		host = net.JoinHostPort(target.Hostname(), "6443")
	}
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{InsecureSkipVerify: true}}
	connection, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	chain := connection.(*tls.Conn).ConnectionState().PeerCertificates
	ca := chain[len(chain)-1]
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})
	if err := t.Verify(text); err != nil {
		return nil, &refused{err}
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: target.Hostname()}); err != nil {
		return nil, &refused{fmt.Errorf("cannot trust %s: %w; name it in the server's tls-san", host, err)}
	}
	return text, nil
}

// refused: trying again cannot help.
type refused struct{ error }

// shared is what agents must know of the server.
type shared struct{ clusterCIDR, clusterDNS, clusterDomain, clientCA string }

func fetchShared(ctx context.Context, api *rest.Config) (s shared, err error) {
	client, err := kubernetes.NewForConfig(api)
	if err != nil {
		return s, err
	}
	maps := client.CoreV1().ConfigMaps("kube-system")
	lab, err := maps.Get(ctx, "k3s-lab", metav1.GetOptions{})
	if err != nil {
		return s, err
	}
	authentication, err := maps.Get(ctx, "extension-apiserver-authentication", metav1.GetOptions{})
	if err != nil {
		return s, err
	}
	s = shared{lab.Data["clusterCIDR"], lab.Data["clusterDNS"], lab.Data["clusterDomain"], authentication.Data["client-ca-file"]}
	if s.clusterCIDR == "" || s.clientCA == "" {
		return s, errors.New("the server has not told yet what agents must share with it")
	}
	return s, nil
}
