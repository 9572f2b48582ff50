// k3s, shaped for labs: Kubernetes' own components in one program, behind k3s's command line, files and refusals.
// docs/lab-binary.md says what it is and what it is not.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/pflag"
	"k8s.io/component-base/version"

	"lab/internal/config"
)

const usage = `usage: k3s COMMAND [flags]

  server         control plane and node
  agent          node that joins a server
  kubectl        kubectl with this server's kubeconfig
  ctr            containerd's client, namespace k8s.io
  token          generate, rotate
  etcd-snapshot  save, ls, delete
  --version
`

func main() {
	args := os.Args[1:]
	if name := filepath.Base(os.Args[0]); name == "kubectl" || name == "ctr" {
		args = append([]string{name}, args...)
	}
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	os.Exit(dispatch(args[0], args[1:]))
}

func dispatch(command string, args []string) int {
	switch command {
	case "server", "agent":
		return exit(serve(command, args))
	case "kubectl":
		return kubectl(args)
	case "ctr":
		return exit(ctr(args))
	case "token":
		return exit(tokenCommand(args))
	case "etcd-snapshot":
		return exit(snapshotCommand(args))
	case "extract":
		return exit(extractCommand(args))
	case "bake":
		return exit(bakeCommand(args))
	case "--version", "-v", "version":
		fmt.Printf("k3s version %s (%s)\ngo version %s\n", version.Get().GitVersion, "lab", runtime.Version())
		return 0
	case "--help", "-h", "help":
		fmt.Print(usage)
		return 0
	}
	fmt.Fprintf(os.Stderr, "cannot run %q: no such command\n%s", command, usage)
	return 2
}

func serve(command string, args []string) error {
	c, err := config.Load(command, args, os.Getenv)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("cannot start k3s: it needs root")
	}
	if c.IsServer() {
		return runServer(c)
	}
	return runAgent(c)
}

func exit(err error) int {
	if err == nil || errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
