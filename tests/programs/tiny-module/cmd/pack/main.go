// Command pack writes its arguments' bytes, one after the other, into the first: pack OUT FILE...
package main

import "os"

func main() {
	var all []byte
	for _, path := range os.Args[2:] {
		data, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		all = append(all, data...)
	}
	if err := os.WriteFile(os.Args[1], all, 0o755); err != nil {
		panic(err)
	}
}
