// Command second is packed beside tiny.
package main

import (
	"os"
	"tiny/internal/word"
)

func main() { os.Stdout.WriteString("second " + word.Value + "\n") }
