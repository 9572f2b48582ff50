// Package token reads and writes k3s's join token: K10<sha256 of the CA>::<user>:<password>, or the bare password.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Token is what a person hands to a node. CAHash is empty in a bare password: then the CA cannot be verified.
type Token struct {
	CAHash, User, Password string
}

const prefix = "K10"

var full = regexp.MustCompile(`^K10([0-9a-f]{64})::([^:]+):(.+)$`)

// Parse refuses what is neither form. The token itself is in no error.
func Parse(text string) (Token, error) {
	text = strings.TrimSpace(text)
	if parts := full.FindStringSubmatch(text); parts != nil {
		return Token{parts[1], parts[2], parts[3]}, nil
	}
	switch {
	case text == "":
		return Token{}, errors.New("cannot use the token: it is empty")
	case strings.HasPrefix(text, prefix) && strings.Contains(text, "::"):
		return Token{}, errors.New("cannot use the token: got K10... of another shape, expected K10<64 hex digits>::<user>:<password>")
	case strings.ContainsAny(text, " \t\r\n,\""):
		return Token{}, errors.New("cannot use the token: it contains blanks, commas or quotes")
	}
	return Token{Password: text}, nil
}

// Configured is the token of the configuration: text, or the contents of file. found is false when neither is set.
func Configured(text, file string) (t Token, found bool, err error) {
	if text == "" && file == "" {
		return Token{}, false, nil
	}
	if text == "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return Token{}, false, fmt.Errorf("cannot read the token: %w", err)
		}
		text = string(data)
	}
	t, err = Parse(text)
	return t, err == nil, err
}

// Generate is a new password of 128 bits.
func Generate() string {
	bytes := make([]byte, 16)
	rand.Read(bytes)
	return hex.EncodeToString(bytes)
}

// HashCA is the digest by which the full form names a CA: of the PEM file as it stands.
func HashCA(pem []byte) string {
	sum := sha256.Sum256(pem)
	return hex.EncodeToString(sum[:])
}

// Format is the full form, for a user ("server" or "node") of the cluster with this CA.
func Format(pem []byte, user, password string) string {
	return prefix + HashCA(pem) + "::" + user + ":" + password
}

// Verify refuses a CA that is not the one the token was made for. A bare password trusts what it meets, as in k3s.
func (t Token) Verify(pem []byte) error {
	got := HashCA(pem)
	if t.CAHash == "" || subtle.ConstantTimeCompare([]byte(t.CAHash), []byte(got)) == 1 {
		return nil
	}
	return fmt.Errorf("cannot trust the server: the token is of a cluster whose CA has digest %s, this one has %s", t.CAHash, got)
}
