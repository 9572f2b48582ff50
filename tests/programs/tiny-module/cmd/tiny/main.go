// Command tiny prints the word that it was linked with.
package main

import (
	"os"
	"tiny/internal/word"
)

func main() { os.Stdout.WriteString("tiny " + word.Value + "\n") }
