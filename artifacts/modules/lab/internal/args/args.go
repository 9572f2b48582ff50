// Package args says with which flags each component is started. Decisions only: nothing is read or started.
package args

import (
	"sort"
	"strings"
)

// flags are a component's flags by name, without the dashes.
type flags map[string]string

// with lets flag=value of the configuration win; a repeated flag keeps all its values, as k3s does. A bare flag is true.
func (f flags) with(extra []string) []string {
	own := map[string][]string{}
	for name, value := range f {
		own[name] = []string{value}
	}
	given := map[string]bool{}
	for _, arg := range extra {
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !hasValue {
			value = "true"
		}
		if !given[name] {
			own[name] = nil
		}
		given[name] = true
		own[name] = append(own[name], value)
	}
	var out []string
	for name, values := range own {
		for _, value := range values {
			out = append(out, "--"+name+"="+value)
		}
	}
	sort.Strings(out)
	return out
}
