// Package bootstrap encrypts what a rebuilt server needs to be the same cluster (its CAs and signing keys) by the
// token. It lies in the datastore, so that datastore and token together, and neither alone, bring the cluster back.
package bootstrap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// Key is where the datastore has it: outside /registry, so that no Kubernetes client sees it.
const Key = "/bootstrap/k3s-lab"

// ErrWrongToken: the token does not open the data.
var ErrWrongToken = errors.New("cannot open the bootstrap data in the datastore: it is encrypted with another token; start with the token that this cluster was made with")

// Rounds cost a second under emulation; a generated token has 128 bits and needs none.
const rounds = 50_000

// Files are PEM texts by file name under server/tls.
type Files map[string][]byte

type sealed struct {
	Schema int    `json:"schema"`
	KDF    string `json:"kdf"`
	Rounds int    `json:"rounds"`
	Salt   []byte `json:"salt"`
	Nonce  []byte `json:"nonce"`
	Data   []byte `json:"data"`
}

const kdf = "pbkdf2-sha256"

// Seal encrypts with AES-256-GCM; salt and nonce are new each time.
func Seal(files Files, password string) ([]byte, error) {
	plain, err := json.Marshal(files)
	if err != nil {
		return nil, err
	}
	box := sealed{Schema: 1, KDF: kdf, Rounds: rounds, Salt: make([]byte, 16), Nonce: make([]byte, 12)}
	rand.Read(box.Salt)
	rand.Read(box.Nonce)
	gcm, err := box.cipher(password)
	if err != nil {
		return nil, err
	}
	box.Data = gcm.Seal(nil, box.Nonce, plain, []byte(Key))
	return json.Marshal(box)
}

// Open gives the files back. Errors: ErrWrongToken, or what is wrong with the data's shape.
func Open(data []byte, password string) (Files, error) {
	var box sealed
	if err := json.Unmarshal(data, &box); err != nil {
		return nil, fmt.Errorf("cannot read the bootstrap data: %w", err)
	}
	if box.Schema != 1 || box.KDF != kdf || len(box.Nonce) != 12 || box.Rounds < 1 {
		return nil, fmt.Errorf("cannot read the bootstrap data: got schema %d, kdf %q, expected 1, %q", box.Schema, box.KDF, kdf)
	}
	gcm, err := box.cipher(password)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, box.Nonce, box.Data, []byte(Key))
	if err != nil {
		return nil, ErrWrongToken
	}
	var files Files
	return files, json.Unmarshal(plain, &files)
}

func (s sealed) cipher(password string) (cipher.AEAD, error) {
	key, err := pbkdf2.Key(sha256.New, password, s.Salt, s.Rounds, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
