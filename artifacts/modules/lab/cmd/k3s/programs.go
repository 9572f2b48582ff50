package main

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"

	"lab/internal/config"
	"lab/internal/payload"
)

// programs makes containerd, its shim and ctr available: extracted once, first in PATH.
func programs(dataDir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	bin, err := payload.Extract(self, filepath.Join(dataDir, "data"))
	if err != nil {
		return "", err
	}
	return bin, os.Setenv("PATH", bin+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

// ctr becomes containerd's client.
func ctr(args []string) error {
	bin, err := programs(config.DefaultDataDir)
	if err != nil {
		return err
	}
	env := os.Environ()
	for name, value := range map[string]string{"CONTAINERD_ADDRESS": config.Socket, "CONTAINERD_NAMESPACE": "k8s.io"} {
		if os.Getenv(name) == "" {
			env = append(env, name+"="+value)
		}
	}
	return syscall.Exec(filepath.Join(bin, "ctr"), append([]string{"ctr"}, args...), env)
}

// extractCommand is for disk images: the first start finds the programs there.
func extractCommand(args []string) error {
	dataDir, err := dataDirFlag("extract", args)
	if err != nil {
		return err
	}
	_, err = programs(dataDir)
	return err
}

func dataDirFlag(command string, args []string) (string, error) {
	set := pflag.NewFlagSet(command, pflag.ContinueOnError)
	dataDir := set.StringP("data-dir", "d", config.DefaultDataDir, "folder of all state")
	return *dataDir, set.Parse(args)
}
