package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

// entry is one key of a file; appends: written as `key+`.
type entry struct {
	key     string
	values  []string
	appends bool
}

// readFile gives the keys of a file in their order. Errors name file, line and key.
func readFile(file string, set *pflag.FlagSet) ([]entry, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, err)
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("cannot read %s: line %d: got %s, expected keys and values", file, root.Line, root.Tag)
	}
	var entries []entry
	seen := map[string]bool{}
	for i := 0; i < len(root.Content); i += 2 {
		name, value := root.Content[i], root.Content[i+1]
		key, appends := strings.CutSuffix(name.Value, "+")
		if key == "config" || set.Lookup(key) == nil {
			return nil, fmt.Errorf("cannot use %s: line %d: unknown key %q%s", file, name.Line, key, nearest(key, set))
		}
		if seen[name.Value] {
			return nil, fmt.Errorf("cannot use %s: line %d: key %q stands twice", file, name.Line, name.Value)
		}
		seen[name.Value] = true
		values, err := scalars(value)
		if err != nil {
			return nil, fmt.Errorf("cannot use %s: line %d: key %q: %w", file, value.Line, key, err)
		}
		entries = append(entries, entry{key, values, appends})
	}
	return entries, nil
}

func scalars(node *yaml.Node) ([]string, error) {
	if node.Kind == yaml.ScalarNode && node.Tag != "!!null" {
		return []string{node.Value}, nil
	}
	if node.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("got %s, expected a value or a list of values", strings.TrimPrefix(node.Tag, "!!"))
	}
	values := []string{}
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			return nil, fmt.Errorf("got %s in the list, expected values", strings.TrimPrefix(item.Tag, "!!"))
		}
		values = append(values, item.Value)
	}
	return values, nil
}

// nearest is a hint when one known key is at most two edits away.
func nearest(key string, set *pflag.FlagSet) string {
	best, name := 3, ""
	set.VisitAll(func(f *pflag.Flag) {
		if d := distance(key, f.Name); d < best {
			best, name = d, f.Name
		}
	})
	if name == "" {
		return "; k3s " + set.Name() + " --help lists the known ones"
	}
	return fmt.Sprintf("; did you mean %q?", name)
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
