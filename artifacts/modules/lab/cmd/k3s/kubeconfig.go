package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lab/internal/config"
)

// kubeconfig refers to files, so that a renewed certificate is seen.
func kubeconfig(server, ca, cert, key string) []byte {
	return render(server, "certificate-authority: "+ca, "client-certificate: "+cert, "client-key: "+key)
}

// tokenKubeconfig is what an agent's kubelet asks for its certificate with.
func tokenKubeconfig(server, ca, token string) []byte {
	return render(server, "certificate-authority: "+ca, fmt.Sprintf("token: %q", token))
}

func render(server, ca string, user ...string) []byte {
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    %s
    server: %s
contexts:
- name: default
  context: {cluster: default, user: default}
current-context: default
users:
- name: default
  user:
`, ca, server)
	for _, line := range user {
		text += "    " + line + "\n"
	}
	return []byte(text)
}

// writeAdminKubeconfig embeds the certificates: this file is copied to other computers.
func writeAdminKubeconfig(c *config.Config, server string, mode os.FileMode) error {
	var encoded [3]string
	for i, name := range []string{"server-ca.crt", "client-admin.crt", "client-admin.key"} {
		data, err := os.ReadFile(c.TLS(name))
		if err != nil {
			return err
		}
		encoded[i] = base64.StdEncoding.EncodeToString(data)
	}
	if err := os.MkdirAll(filepath.Dir(c.WriteKubeconfig), 0o755); err != nil {
		return err
	}
	text := render(server, "certificate-authority-data: "+encoded[0], "client-certificate-data: "+encoded[1], "client-key-data: "+encoded[2])
	return writePrivate(c.WriteKubeconfig, text, mode)
}

// writePrivate replaces a file whole, with its mode from the first byte on.
func writePrivate(path string, data []byte, mode os.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	if err := errors.Join(err, temporary.Chmod(mode), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
