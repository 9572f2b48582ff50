package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func load(t *testing.T, yaml string, args ...string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load("server", append(args, "--config="+file), func(string) string { return "" })
}

func TestBadConfigurationIsRefusedByName(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown key":       {"tls-san: [a]\nflannel-backend: none\n", `line 2: unknown key "flannel-backend"`},
		"misspelt key":      {"node-nam: x\n", `unknown key "node-nam"; did you mean "node-name"?`},
		"unknown component": {"disable: [traefik, nginx]\n", `disable: got "nginx"`},
		"list for a value":  {"node-name: [a, b]\n", `key "node-name"`},
		"map for a value":   {"node-label: {a: b}\n", `key "node-label": got map`},
		"twice":             {"token: a\ntoken: b\n", "token"},
		"not a map":         {"- token\n", "expected keys and values"},
		"no address":        {"node-ip: here\n", `node-ip: got "here"`},
		"no number":         {"https-listen-port: high\n", `key "https-listen-port"`},
		"overlap":           {"service-cidr: 10.42.128.0/17\ncluster-dns: 10.42.128.10\n", "apart from cluster-cidr"},
		"dns elsewhere":     {"cluster-dns: 10.99.0.10\n", `cluster-dns: got "10.99.0.10"`},
		"two tokens":        {"token: a\ntoken-file: b\n", "not both"},
		"nested config":     {"config: /x\n", `unknown key "config"`},
	} {
		if _, err := load(t, c.yaml); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, expected %s", name, err, c.want)
		}
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	_, err := load(t, "node-ip: here\ncluster-dns: there\n")
	if err == nil || !strings.Contains(err.Error(), "node-ip") || !strings.Contains(err.Error(), "cluster-dns") {
		t.Fatalf("got %v", err)
	}
}

func TestAFlagWinsOverTheFileAndReplacesItsList(t *testing.T) {
	c, err := load(t, "node-name: file\ntls-san: [a, b]\nnode-label: k=v\n", "--node-name=flag", "--tls-san=c,d")
	if err != nil {
		t.Fatal(err)
	}
	if c.NodeName != "flag" || !slices.Equal(c.TLSSANs, []string{"c", "d"}) || !slices.Equal(c.NodeLabels, []string{"k=v"}) {
		t.Fatalf("got %+v", c)
	}
}

func TestDropInsReplaceAndAppend(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	os.Mkdir(file+".d", 0o700)
	for path, text := range map[string]string{
		file:               "tls-san: [a]\nnode-name: one\n",
		file + ".d/1.yaml": "tls-san+: [b]\n",
		file + ".d/2.yaml": "node-name: two\nkube-apiserver-arg: v=1,2\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load("server", []string{"-c", file}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if c.NodeName != "two" || !slices.Equal(c.TLSSANs, []string{"a", "b"}) || !slices.Equal(c.APIServerArgs, []string{"v=1,2"}) {
		t.Fatalf("got %+v", c)
	}
}

func TestAnAgentNeedsAServerAndAToken(t *testing.T) {
	_, err := Load("agent", []string{"-c", "/dev/null"}, func(string) string { return "" })
	if err == nil || !strings.Contains(err.Error(), "server") || !strings.Contains(err.Error(), "token") {
		t.Fatalf("got %v", err)
	}
	env := map[string]string{"K3S_URL": "https://10.0.0.1:6443", "K3S_TOKEN": "hush"}
	c, err := Load("agent", []string{"-c", "/dev/null"}, func(name string) string { return env[name] })
	if err != nil || c.Token != "hush" || c.Server != "https://10.0.0.1:6443" {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestAServersKeyIsNoAgentsKey(t *testing.T) {
	_, err := Load("agent", []string{"-c", "/dev/null", "--tls-san=x"}, func(string) string { return "" })
	if err == nil || !strings.Contains(err.Error(), "tls-san") {
		t.Fatalf("got %v", err)
	}
}

func TestTheAPIHasTheFirstServiceAddress(t *testing.T) {
	if got := (&Config{ServiceCIDR: "10.43.0.0/16"}).APIServiceIP(); got != "10.43.0.1" {
		t.Fatalf("got %s", got)
	}
}
