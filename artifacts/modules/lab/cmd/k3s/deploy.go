package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"lab/internal/config"
)

// deployer applies manifests server-side, as k3s's deploy controller does.
type deployer struct {
	client  dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
	manager string
}

// deploy applies what agents need of the cluster, then server/manifests/*.yaml, and again each file that changes.
// A file that fails is tried again; one that is removed stays applied, as in k3s.
func deploy(ctx context.Context, api *rest.Config, c *config.Config, log io.Writer) {
	d := &deployer{
		client:  dynamic.NewForConfigOrDie(api),
		mapper:  restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discovery.NewDiscoveryClientForConfigOrDie(api))),
		manager: "deploy@" + c.NodeName,
	}
	own := joinManifest(c)
	applied, said := map[string]time.Time{}, map[string]string{}
	tell := func(path string, err error) {
		if said[path] != fmt.Sprint(err) {
			fmt.Fprintf(log, "k3s: cannot apply %s, trying again: %v\n", path, err)
		}
		said[path] = fmt.Sprint(err)
	}
	for ctx.Err() == nil {
		if own != "" {
			if err := d.apply(ctx, own); err == nil {
				own = ""
			} else {
				tell("what agents need", err)
			}
		}
		found := manifests(c.ServerPath("manifests"))
		for _, path := range slices.Sorted(maps.Keys(found)) {
			if applied[path].Equal(found[path]) {
				continue
			}
			if err := d.applyFile(ctx, path); err != nil {
				tell(path, err)
				continue
			}
			applied[path] = found[path]
			fmt.Fprintf(log, "k3s: applied %s\n", path)
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
}

// manifests are the files by the time of their change. `<file>.skip` beside one keeps it out, as in k3s.
func manifests(dir string) map[string]time.Time {
	found := map[string]time.Time{}
	filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		extension := filepath.Ext(path)
		if err != nil || entry.IsDir() || extension != ".yaml" && extension != ".yml" && extension != ".json" || strings.HasPrefix(entry.Name(), ".") {
			return nil
		}
		if _, err := os.Stat(path + ".skip"); err == nil {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			found[path] = info.ModTime()
		}
		return nil
	})
	return found
}

func (d *deployer) applyFile(ctx context.Context, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return d.apply(ctx, string(data))
}

// apply goes through all objects; one that fails does not keep the others out.
func (d *deployer) apply(ctx context.Context, text string) error {
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	var problems []error
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return errors.Join(problems...)
		}
		if err != nil {
			return errors.Join(append(problems, err)...)
		}
		if len(object.Object) == 0 {
			continue
		}
		if err := d.applyObject(ctx, object); err != nil {
			problems = append(problems, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		}
	}
}

func (d *deployer) applyObject(ctx context.Context, object *unstructured.Unstructured) error {
	if object.IsList() {
		return object.EachListItem(func(item runtime.Object) error { return d.applyObject(ctx, item.(*unstructured.Unstructured)) })
	}
	kind := object.GroupVersionKind()
	mapping, err := d.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		d.mapper.Reset() // Its CRD may come with the next file.
		return err
	}
	var resource dynamic.ResourceInterface = d.client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		namespace := object.GetNamespace()
		if namespace == "" {
			namespace = metav1.NamespaceDefault
		}
		resource = d.client.Resource(mapping.Resource).Namespace(namespace)
	}
	_, err = resource.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: d.manager, Force: true})
	return err
}
