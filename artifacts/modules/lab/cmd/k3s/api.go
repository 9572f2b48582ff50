package main

import (
	"context"
	"net/http"
	"time"

	"k8s.io/client-go/rest"

	"lab/internal/args"
	"lab/internal/config"
)

// adminAPI is this server's own access: what k3s calls its supervisor.
func adminAPI(c *config.Config) *rest.Config {
	return &rest.Config{
		Host: args.LocalAPI(c),
		TLSClientConfig: rest.TLSClientConfig{
			CAFile:   c.TLS("server-ca.crt"),
			CertFile: c.TLS("client-supervisor.crt"),
			KeyFile:  c.TLS("client-supervisor.key"),
		},
		QPS: 50, Burst: 100,
		UserAgent: "k3s-lab",
	}
}

func ask(ctx context.Context, transport http.RoundTripper, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}
