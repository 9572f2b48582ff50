package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/k3s-io/kine/pkg/client"
	"github.com/k3s-io/kine/pkg/endpoint"
	"github.com/sirupsen/logrus"

	"lab/internal/args"
	"lab/internal/config"
)

// datastore is where the cluster's state lies: sqlite behind kine's etcd protocol, in this process.
type datastore struct {
	config endpoint.ETCDConfig
	client client.Client
	close  func()
}

// sqliteParams are all needed: kine applies its defaults to its own path only, and without them writers lock each
// other out (SQLITE_BUSY).
const sqliteParams = "?_journal_mode=WAL&_busy_timeout=30000&_synchronous=NORMAL&_txlock=immediate"

func openDatastore(c *config.Config, log io.Writer) (*datastore, error) {
	if err := refuseEtcd(c); err != nil {
		return nil, err
	}
	logrus.SetOutput(log)
	logrus.SetFormatter(&kineFormat{})
	ctx, cancel := context.WithCancel(context.Background())
	group := &sync.WaitGroup{}
	socket := c.ServerPath("kine.sock")
	os.Remove(socket) // A killed server leaves it.
	etcd, err := endpoint.Listen(ctx, endpoint.Config{
		Listener:            "unix://" + socket,
		Endpoint:            "sqlite://" + c.ServerPath("db", "state.db") + sqliteParams,
		WaitGroup:           group,
		NotifyInterval:      5 * time.Second,
		EmulatedETCDVersion: "3.6.11",
		CompactTimeout:      5 * time.Second,
		CompactMinRetain:    1000,
		CompactBatchSize:    1000,
		PollBatchSize:       500,
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("cannot open the datastore %s: %w", c.ServerPath("db", "state.db"), err)
	}
	kv, err := client.New(etcd)
	if err != nil {
		cancel()
		return nil, err
	}
	return &datastore{etcd, kv, func() { kv.Close(); cancel(); group.Wait() }}, nil
}

// refuseEtcd: said before anything is made.
func refuseEtcd(c *config.Config) error {
	switch {
	case c.ClusterReset:
		return errors.New("cannot reset the cluster: the datastore of this server is sqlite, not embedded etcd; restore server/db instead")
	case c.ClusterInit:
		return errors.New("cannot use cluster-init: the lab binary keeps its state in sqlite only, not in embedded etcd")
	case c.Server != "":
		return errors.New("cannot use server with the command server: the lab binary has one server and agents; join with k3s agent")
	}
	return nil
}

// flags are how the API server reaches it.
func (d *datastore) flags() args.Datastore { return args.Datastore{Endpoint: d.config.Endpoints[0]} }

// kineFormat gives the lines of the datastore a prefix, as the children's have one.
type kineFormat struct{}

func (*kineFormat) Format(entry *logrus.Entry) ([]byte, error) {
	return fmt.Appendf(nil, "kine: %s: %s\n", entry.Level, entry.Message), nil
}
