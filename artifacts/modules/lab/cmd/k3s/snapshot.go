package main

import (
	"errors"
	"fmt"
)

// snapshotCommand refuses, as k3s does where the datastore is not embedded etcd.
func snapshotCommand(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: k3s etcd-snapshot save|ls|delete")
	}
	switch args[0] {
	case "save", "ls", "list", "delete", "prune":
		return fmt.Errorf("cannot %s etcd snapshots: the datastore of this server is sqlite, not embedded etcd; copy server/db/state.db with sqlite3 '.backup' and keep server/token apart from it", args[0])
	}
	return fmt.Errorf("cannot run etcd-snapshot %q: got an unknown command, expected save, ls or delete", args[0])
}
