package main

import (
	"context"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/compatibility"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apiserveroptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	controllersoptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// component is one of Kubernetes' own programs as a part of this process, as k3s has them. It runs until ctx ends.
//
// As programs of their own, each would initialise all of Kubernetes again at its start; and where a machine is
// emulated, every switch between two of them would forget the memory's map. Kubernetes' own commands cannot share a
// process, for each sets up its signals: but for the kubelet's, what they do is said here.
type component func(ctx context.Context, args []string) error

func init() {
	// Every component applies its logging options, all of them the same ones.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
}

func runAPIServer(ctx context.Context, args []string) error {
	options := apiserveroptions.NewServerRunOptions()
	if err := parse(options.Flags(), args); err != nil {
		return err
	}
	if err := applyGlobals(options.GenericServerRunOptions.ComponentGlobalsRegistry, options.Logs); err != nil {
		return err
	}
	completed, err := options.Complete(ctx)
	if err != nil {
		return err
	}
	if problems := completed.Validate(); len(problems) > 0 {
		return utilerrors.NewAggregate(problems)
	}
	return apiserver.Run(ctx, completed)
}

func runControllerManager(ctx context.Context, args []string) error {
	options, err := controllersoptions.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	known, disabled, aliases := controllers.KnownControllers(), controllers.ControllersDisabledByDefault(), controllers.ControllerAliases()
	flags := options.Flags(known, disabled, aliases)
	options.ParsedFlags = &flags
	if err := parse(flags, args); err != nil {
		return err
	}
	if err := applyGlobals(options.ComponentGlobalsRegistry, options.Logs); err != nil {
		return err
	}
	config, err := options.Config(ctx, known, disabled, aliases)
	if err != nil {
		return err
	}
	return controllers.Run(ctx, config.Complete())
}

func runScheduler(ctx context.Context, args []string) error {
	options := scheduleroptions.NewOptions()
	if err := parse(*options.Flags, args); err != nil {
		return err
	}
	if err := applyGlobals(options.ComponentGlobalsRegistry, options.Logs); err != nil {
		return err
	}
	config, pods, err := scheduler.Setup(ctx, options)
	if err != nil {
		return err
	}
	return scheduler.Run(ctx, config, pods)
}

func runProxy(ctx context.Context, args []string) error {
	options := proxy.NewOptions()
	flags := pflag.NewFlagSet("kube-proxy", pflag.ContinueOnError)
	options.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := options.Complete(flags); err != nil {
		return err
	}
	if err := options.Validate(); err != nil {
		return err
	}
	return options.Run(ctx)
}

// runKubelet is the kubelet by its own command: the one that takes the process's signals.
func runKubelet(ctx context.Context, args []string) error {
	command := kubelet.NewKubeletCommand(ctx)
	command.SetArgs(args)
	return command.ExecuteContext(ctx)
}

// applyGlobals sets what is the whole process's: its feature gates and its logging.
func applyGlobals(registry compatibility.ComponentGlobalsRegistry, logs *logsapi.LoggingConfiguration) error {
	if err := registry.Set(); err != nil {
		return err
	}
	return logsapi.ValidateAndApply(logs, utilfeature.DefaultFeatureGate)
}

func parse(sets cliflag.NamedFlagSets, args []string) error {
	all := pflag.NewFlagSet("component", pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		all.AddFlagSet(set)
	}
	return all.Parse(args)
}
