package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/pflag"
)

// Load reads flags, then the file and its drop-ins. A flag wins over the file; for lists it replaces them, as in k3s.
// environ is asked for K3S_TOKEN, K3S_TOKEN_FILE, K3S_URL and K3S_CONFIG_FILE. pflag.ErrHelp: help was asked for and printed.
func Load(command string, args []string, environ func(string) string) (*Config, error) {
	c := &Config{Command: command}
	set := c.flags()
	file := set.StringP("config", "c", DefaultFile, "file with these flags, without the dashes")
	if err := set.Parse(args); err != nil {
		return nil, fmt.Errorf("cannot start k3s %s: %w", command, err)
	}
	if set.NArg() > 0 {
		return nil, fmt.Errorf("cannot start k3s %s: got argument %q, expected flags only", command, set.Arg(0))
	}
	given := map[string]bool{}
	set.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	for name, variable := range map[string]string{"token": "K3S_TOKEN", "token-file": "K3S_TOKEN_FILE", "server": "K3S_URL", "config": "K3S_CONFIG_FILE"} {
		if value := environ(variable); value != "" && !given[name] {
			given[name] = true
			if err := set.Set(name, value); err != nil {
				return nil, fmt.Errorf("cannot use %s: %w", variable, err)
			}
		}
	}
	files, err := configFiles(*file, given["config"])
	if err != nil {
		return nil, err
	}
	if err := merge(set, files, given); err != nil {
		return nil, err
	}
	return c, c.check()
}

// configFiles is the file, if it is there or was named, and then *.yaml of <file>.d in order.
func configFiles(file string, named bool) ([]string, error) {
	var files []string
	if _, err := os.Stat(file); err == nil {
		files = append(files, file)
	} else if named || !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	drops, _ := filepath.Glob(filepath.Join(file+".d", "*.y*ml"))
	sort.Strings(drops)
	return append(files, drops...), nil
}

// merge sets what the files say. A later file replaces an earlier one's value; `key+` appends to it.
func merge(set *pflag.FlagSet, files []string, given map[string]bool) error {
	values := map[string][]string{}
	from := map[string]string{}
	for _, file := range files {
		entries, err := readFile(file, set)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if !entry.appends {
				values[entry.key] = nil
			}
			values[entry.key] = append(values[entry.key], entry.values...)
			from[entry.key] = file
		}
	}
	for _, key := range sorted(values) {
		if given[key] {
			continue
		}
		if err := assign(set.Lookup(key), values[key]); err != nil {
			return fmt.Errorf("cannot use key %q of %s: %w", key, from[key], err)
		}
	}
	return nil
}

func assign(flag *pflag.Flag, values []string) error {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		var all []string
		for _, value := range values {
			if flag.Value.Type() == "stringSlice" {
				all = append(all, strings.Split(value, ",")...)
			} else {
				all = append(all, value)
			}
		}
		return list.Replace(all)
	}
	if len(values) != 1 {
		return fmt.Errorf("got %d values, expected one", len(values))
	}
	return flag.Value.Set(values[0])
}

func sorted(values map[string][]string) []string {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
