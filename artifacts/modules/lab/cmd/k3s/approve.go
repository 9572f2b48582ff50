package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"slices"
	"time"

	certificates "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// approveServing approves the serving certificates that agents' kubelets ask for. Kubernetes leaves that to whoever
// knows the nodes: here a node may have its own name and the addresses of its Node object, nothing else.
func approveServing(ctx context.Context, api *rest.Config, log io.Writer) {
	client := kubernetes.NewForConfigOrDie(api)
	for ctx.Err() == nil {
		if err := approvePending(ctx, client, log); err != nil && ctx.Err() == nil {
			fmt.Fprintf(log, "k3s: cannot approve serving certificates: %v\n", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
}

func approvePending(ctx context.Context, client kubernetes.Interface, log io.Writer) error {
	requests := client.CertificatesV1().CertificateSigningRequests()
	// From the API server's cache: the datastore is not asked every two seconds for as long as the server runs.
	pending := metav1.ListOptions{FieldSelector: "spec.signerName=" + certificates.KubeletServingSignerName, ResourceVersion: "0"}
	list, err := requests.List(ctx, pending)
	if err != nil {
		return err
	}
	for i := range list.Items {
		request := &list.Items[i]
		if len(request.Status.Conditions) > 0 {
			continue
		}
		if why := refusal(ctx, client, request); why != "" {
			fmt.Fprintf(log, "k3s: %s is not approved: %s\n", request.Name, why)
			continue
		}
		request.Status.Conditions = append(request.Status.Conditions, certificates.CertificateSigningRequestCondition{
			Type: certificates.CertificateApproved, Status: corev1.ConditionTrue, Reason: "NodeAddresses", Message: "names and addresses are the node's own",
		})
		if _, err := requests.UpdateApproval(ctx, request.Name, request, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// refusal says why a request is not its node's own; empty: it is.
func refusal(ctx context.Context, client kubernetes.Interface, request *certificates.CertificateSigningRequest) string {
	block, _ := pem.Decode(request.Spec.Request)
	if block == nil {
		return "no PEM"
	}
	asked, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return err.Error()
	}
	if asked.Subject.CommonName != request.Spec.Username || !slices.Contains(request.Spec.Groups, "system:nodes") {
		return "asked by " + request.Spec.Username + " for " + asked.Subject.CommonName
	}
	name, isNode := cutNode(request.Spec.Username)
	if !isNode {
		return request.Spec.Username + " is no node"
	}
	node, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err.Error()
	}
	own := []string{name}
	for _, address := range node.Status.Addresses {
		own = append(own, address.Address)
	}
	wanted := slices.Clone(asked.DNSNames)
	for _, ip := range asked.IPAddresses {
		wanted = append(wanted, ip.String())
	}
	for _, san := range wanted {
		if !slices.Contains(own, san) {
			return san + " is not an address of node " + name
		}
	}
	return ""
}
