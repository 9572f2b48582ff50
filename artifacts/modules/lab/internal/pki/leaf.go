package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"os"
	"slices"
	"time"
)

// Leaf is a certificate that is wanted in CertFile and KeyFile. SANs are names and addresses.
type Leaf struct {
	CertFile, KeyFile string
	CommonName        string
	Organization      []string
	Usage             []x509.ExtKeyUsage
	SANs              []string
	// WithCA appends the CA's certificate, for those who learn the CA from the handshake.
	WithCA bool
}

const (
	oneYear = 365 * 24 * time.Hour
	renewAt = 120 * 24 * time.Hour
)

// Ensure writes the leaf unless a good one is there: of this CA and these names, and good for months. It is kept
// because people and tools hold copies of it.
func (ca *CA) Ensure(leaf Leaf, now time.Time) error {
	cert, err := os.ReadFile(leaf.CertFile)
	if err == nil && ca.keeps(leaf, cert, now) {
		if _, err := os.Stat(leaf.KeyFile); err == nil {
			return nil
		}
	}
	cert, key, err := ca.issue(leaf, now)
	if err != nil {
		return err
	}
	if err := os.WriteFile(leaf.KeyFile, key, 0o600); err != nil {
		return err
	}
	return os.WriteFile(leaf.CertFile, cert, 0o644)
}

func (ca *CA) keeps(leaf Leaf, data []byte, now time.Time) bool {
	cert, err := parseCert(data)
	if err != nil || cert.CheckSignatureFrom(ca.parsed) != nil || now.Add(renewAt).After(cert.NotAfter) {
		return false
	}
	names, addresses := split(leaf.SANs)
	return cert.Subject.CommonName == leaf.CommonName &&
		slices.Equal(cert.Subject.Organization, leaf.Organization) &&
		slices.Equal(cert.ExtKeyUsage, leaf.Usage) &&
		slices.Equal(cert.DNSNames, names) &&
		slices.EqualFunc(cert.IPAddresses, addresses, net.IP.Equal)
}

func (ca *CA) issue(leaf Leaf, now time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	names, addresses := split(leaf.SANs)
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: leaf.CommonName, Organization: leaf.Organization},
		NotBefore:    ca.parsed.NotBefore,
		NotAfter:     now.Add(oneYear),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  leaf.Usage,
		DNSNames:     names,
		IPAddresses:  addresses,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.parsed, private.Public(), ca.signer)
	if err != nil {
		return nil, nil, err
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if leaf.WithCA {
		cert = append(cert, ca.Cert...)
	}
	key, err = encodeKey(private)
	return cert, key, err
}

func split(sans []string) (names []string, addresses []net.IP) {
	for _, san := range sans {
		if ip := net.ParseIP(san); ip != nil {
			addresses = append(addresses, ip)
		} else {
			names = append(names, san)
		}
	}
	return names, addresses
}
