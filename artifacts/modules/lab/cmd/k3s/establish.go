package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/k3s-io/kine/pkg/client"

	"lab/internal/bootstrap"
	"lab/internal/config"
	"lab/internal/pki"
	"lab/internal/token"
)

// caNames are the CAs of a cluster; <name>.crt and <name>.key are bootstrap data, and so is service.key.
var caNames = []string{"server-ca", "client-ca", "request-header-ca"}

// establish makes this server the cluster that the datastore and the token say, or a new one where the datastore is
// empty, and writes certificates, kubeconfigs and tokens. Errors: bootstrap.ErrWrongToken, a token of another CA.
func establish(ctx context.Context, c *config.Config, store *datastore) error {
	given, found, err := serverToken(c)
	if err != nil {
		return err
	}
	files, err := bootstrapFiles(ctx, c, store, &given, found)
	if err != nil {
		return err
	}
	if err := writeFiles(c.ServerPath("tls"), files); err != nil {
		return err
	}
	return writeIdentity(c, files, given.Password)
}

// serverToken is the configured one, or that of the last start.
func serverToken(c *config.Config) (t token.Token, found bool, err error) {
	if t, found, err = token.Configured(c.Token, c.TokenFile); found || err != nil {
		return t, found, err
	}
	t, found, err = token.Configured("", c.ServerPath("token"))
	if errors.Is(err, os.ErrNotExist) {
		return token.Token{}, false, nil
	}
	return t, found, err
}

func bootstrapFiles(ctx context.Context, c *config.Config, store *datastore, t *token.Token, found bool) (bootstrap.Files, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	value, err := store.client.Get(ctx, bootstrap.Key)
	if errors.Is(err, client.ErrNotFound) {
		if !found {
			t.Password = token.Generate()
		}
		return newFiles(ctx, c, store, t.Password)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the bootstrap data: %w", err)
	}
	if !found {
		return nil, fmt.Errorf("cannot start: the datastore holds a cluster, and its token is neither configured nor in %s", c.ServerPath("token"))
	}
	files, err := bootstrap.Open(value.Data, t.Password)
	if err != nil {
		return nil, err
	}
	return files, t.Verify(files["server-ca.crt"])
}

// newFiles stores the CAs that lie in server/tls, as of a cluster that lost its datastore, or new ones.
func newFiles(ctx context.Context, c *config.Config, store *datastore, password string) (bootstrap.Files, error) {
	files := onDisk(c)
	if files == nil {
		var err error
		if files, err = generate(time.Now()); err != nil {
			return nil, err
		}
	}
	data, err := bootstrap.Seal(files, password)
	if err != nil {
		return nil, err
	}
	return files, store.client.Create(ctx, bootstrap.Key, data)
}

func onDisk(c *config.Config) bootstrap.Files {
	files := bootstrap.Files{}
	for _, name := range bootstrapNames() {
		data, err := os.ReadFile(c.TLS(name))
		if err != nil {
			return nil
		}
		files[name] = data
	}
	return files
}

func bootstrapNames() []string {
	names := []string{"service.key"}
	for _, ca := range caNames {
		names = append(names, ca+".crt", ca+".key")
	}
	return names
}

func generate(now time.Time) (bootstrap.Files, error) {
	key, err := pki.NewKey()
	if err != nil {
		return nil, err
	}
	files := bootstrap.Files{"service.key": key}
	for _, name := range caNames {
		ca, err := pki.NewCA("k3s-"+name, now)
		if err != nil {
			return nil, err
		}
		files[name+".crt"], files[name+".key"] = ca.Cert, ca.Key
	}
	return files, nil
}

func writeFiles(dir string, files bootstrap.Files) error {
	for name, data := range files {
		mode := os.FileMode(0o644)
		if filepath.Ext(name) == ".key" {
			mode = 0o600
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, mode); err != nil {
			return err
		}
	}
	return nil
}
