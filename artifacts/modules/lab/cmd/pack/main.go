// pack OUT CORE PROGRAM...: puts programs behind the core, so that one file is k3s.
package main

import (
	"fmt"
	"os"

	"lab/internal/payload"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: pack OUT CORE PROGRAM...")
		os.Exit(2)
	}
	if err := payload.Pack(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
