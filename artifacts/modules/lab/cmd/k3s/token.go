package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/k3s-io/kine/pkg/client"
	"github.com/k3s-io/kine/pkg/endpoint"
	"github.com/spf13/pflag"

	"lab/internal/bootstrap"
	"lab/internal/config"
	"lab/internal/token"
)

// tokenCommand: a lab has one token, or two with agent-token; bootstrap tokens that expire are not served.
func tokenCommand(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: k3s token generate|rotate")
	}
	switch args[0] {
	case "generate":
		fmt.Println(token.Generate())
		return nil
	case "rotate":
		return rotate(args[1:])
	case "create", "list", "delete":
		return fmt.Errorf("cannot %s tokens: the lab binary has no expiring join tokens; nodes join with <data-dir>/server/node-token", args[0])
	}
	return fmt.Errorf("cannot run token %q: got an unknown command, expected generate or rotate", args[0])
}

// rotate encrypts the bootstrap data of the running server with a new token. As in k3s, every server and agent must
// then be restarted with it.
func rotate(args []string) error {
	set := pflag.NewFlagSet("token rotate", pflag.ContinueOnError)
	dataDir := set.StringP("data-dir", "d", config.DefaultDataDir, "folder of all state")
	old := set.StringP("token", "t", "", "the token until now (default: that of server/token)")
	next := set.String("new-token", "", "the token from now on (default: a new one)")
	if err := set.Parse(args); err != nil {
		return err
	}
	c := &config.Config{Command: "server", DataDir: *dataDir, Token: *old}
	before, found, err := serverToken(c)
	if err != nil || !found {
		return errors.Join(fmt.Errorf("cannot rotate the token: %s has none", c.ServerPath("token")), err)
	}
	if *next == "" {
		*next = token.Generate()
	}
	after, err := token.Parse(*next)
	if err != nil {
		return err
	}
	ca, err := reseal(c, before.Password, after.Password)
	if err != nil {
		return fmt.Errorf("cannot rotate the token: %w", err)
	}
	text := token.Format(ca, "server", after.Password) + "\n"
	if err := writePrivate(c.ServerPath("token"), []byte(text), 0o600); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "token rotated; restart servers and agents with the new one")
	fmt.Print(text)
	return nil
}

// reseal gives the CA's certificate, for the token's full form.
func reseal(c *config.Config, before, after string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	kv, err := client.New(endpoint.ETCDConfig{Endpoints: []string{"unix://" + c.ServerPath("kine.sock")}})
	if err != nil {
		return nil, err
	}
	defer kv.Close()
	value, err := kv.Get(ctx, bootstrap.Key)
	if err != nil {
		return nil, fmt.Errorf("%w (is the server running?)", err)
	}
	files, err := bootstrap.Open(value.Data, before)
	if err != nil {
		return nil, err
	}
	data, err := bootstrap.Seal(files, after)
	if err != nil {
		return nil, err
	}
	return files["server-ca.crt"], kv.Update(ctx, bootstrap.Key, value.Modified, data)
}
