package pki

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newCA(t *testing.T) *CA {
	t.Helper()
	ca, err := NewCA("k3s-server-ca", now)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func leafIn(dir string) Leaf {
	return Leaf{
		CertFile: filepath.Join(dir, "c.crt"), KeyFile: filepath.Join(dir, "c.key"), CommonName: "kube-apiserver",
		Usage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, SANs: []string{"localhost", "127.0.0.1", "10.43.0.1"},
	}
}

func ensure(t *testing.T, ca *CA, leaf Leaf, at time.Time) string {
	t.Helper()
	if err := ca.Ensure(leaf, at); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(leaf.CertFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestACertificateIsOfItsCAAndNames(t *testing.T) {
	ca, leaf := newCA(t), leafIn(t.TempDir())
	leaf.WithCA = true
	ensure(t, ca, leaf, now)
	pair, err := tls.LoadX509KeyPair(leaf.CertFile, leaf.KeyFile)
	if err != nil || len(pair.Certificate) != 2 {
		t.Fatalf("got %d certificates, %v", len(pair.Certificate), err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.Cert)
	for _, name := range leaf.SANs {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
			t.Error(err)
		}
	}
}

func TestAGoodCertificateIsKept(t *testing.T) {
	ca, leaf := newCA(t), leafIn(t.TempDir())
	first := ensure(t, ca, leaf, now)
	if second := ensure(t, ca, leaf, now.Add(24*time.Hour)); second != first {
		t.Fatal("issued again without need")
	}
}

func TestACertificateIsIssuedAgainWhenItNoLongerFits(t *testing.T) {
	ca := newCA(t)
	other := newCA(t)
	further := func(l *Leaf) { l.SANs = append([]string{"api.example"}, l.SANs...) }
	for name, change := range map[string]struct {
		ca   *CA
		at   time.Time
		edit func(*Leaf)
	}{
		"another CA":     {other, now, func(*Leaf) {}},
		"a further name": {ca, now, further},
		"nearly expired": {ca, now.Add(300 * 24 * time.Hour), func(*Leaf) {}},
		"the key gone":   {ca, now, func(l *Leaf) { os.Remove(l.KeyFile) }},
	} {
		leaf := leafIn(t.TempDir())
		first := ensure(t, ca, leaf, now)
		change.edit(&leaf)
		if ensure(t, change.ca, leaf, change.at) == first {
			t.Errorf("%s: kept", name)
		}
	}
}
