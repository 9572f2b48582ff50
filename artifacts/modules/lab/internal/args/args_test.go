package args

import (
	"slices"
	"strings"
	"testing"

	"lab/internal/config"
)

func server(t *testing.T, flags ...string) *config.Config {
	t.Helper()
	flags = append(flags, "--node-name=n1", "--node-ip=10.0.2.15", "--config=/dev/null")
	c, err := config.Load("server", flags, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ResolveNodeIP(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestArgumentsOfTheConfigurationWin(t *testing.T) {
	c := server(t, "--kube-apiserver-arg=profiling=true", "--kube-apiserver-arg=--v=4", "--kube-apiserver-arg=feature-gates=A=true,B=false")
	got := APIServer(c, Datastore{Endpoint: "unix:///kine.sock"})
	for _, want := range []string{"--profiling=true", "--v=4", "--feature-gates=A=true,B=false"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if slices.Contains(got, "--profiling=false") {
		t.Error("the default stands beside what was asked for")
	}
}

func TestARepeatedArgumentKeepsAllValues(t *testing.T) {
	got := flags{"v": "0"}.with([]string{"v=1", "v=2", "bare"})
	if want := []string{"--bare=true", "--v=1", "--v=2"}; !slices.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
}

func TestTheAPIIsReachableByEveryNameOfTheConfiguration(t *testing.T) {
	c := server(t, "--tls-san=api.lab,10.0.0.9", "--service-cidr=10.96.0.0/16", "--cluster-dns=10.96.0.10")
	got := APISANs(c)
	for _, want := range []string{"127.0.0.1", "10.0.2.15", "n1", "api.lab", "10.0.0.9", "10.96.0.1"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing in %v", want, got)
		}
	}
}

func TestASingleServerWaitsForNoLease(t *testing.T) {
	if !slices.Contains(Scheduler(server(t)), "--leader-elect=false") {
		t.Error("a single server elects a leader")
	}
	if !slices.Contains(Scheduler(server(t, "--cluster-init")), "--leader-elect=true") {
		t.Error("one server of several elects none")
	}
}

func TestOnlyAnAgentAsksForItsServingCertificate(t *testing.T) {
	c := server(t)
	if text := KubeletConfig(c, "/etc/resolv.conf"); strings.Contains(text, "serverTLSBootstrap") {
		t.Error("a server's kubelet asks for a certificate that the server issues")
	}
	c.Command = "agent"
	if text := KubeletConfig(c, "/etc/resolv.conf"); !strings.Contains(text, "serverTLSBootstrap: true") {
		t.Error("an agent's kubelet serves with a certificate of its own")
	}
}
