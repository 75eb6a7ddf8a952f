package kube

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// quieten keeps controller-runtime from complaining, half a minute into the process, that it was given no
// logger: what goes wrong shows in the cluster, where tests look. A logger that the process has set stays.
// It is once for all because that logger is, and setting it twice at a time is a race.
var quieten = sync.OnceFunc(func() { log.SetLogger(logr.New(log.NullLogSink{})) })

// Reconciler brings the object of that key to where it should be. A positive again asks for another
// call after so long; an error does too, with growing pauses.
type Reconciler func(ctx context.Context, key client.ObjectKey) (again time.Duration, err error)

// Reconcile calls r, one call at a time, for every object of the kind of object when it appears,
// changes or is gone. It is what the stand-ins of operators and nodes run in. It returns nil when ctx ends.
func Reconcile(ctx context.Context, cfg *rest.Config, object client.Object, r Reconciler) error {
	scheme, err := Scheme()
	if err != nil {
		return err
	}
	quieten()
	skip := true
	m, err := ctrl.NewManager(cfg, manager.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
		// The check guards the names of metrics, and fails the second start in one process.
		Controller: config.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		return fmt.Errorf("making a controller: %w", err)
	}
	call := reconcile.Func(func(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
		again, err := r(ctx, request.NamespacedName)
		return ctrl.Result{RequeueAfter: again}, err
	})
	if err := ctrl.NewControllerManagedBy(m).For(object).Complete(call); err != nil {
		return fmt.Errorf("making a controller: %w", err)
	}
	return m.Start(ctx)
}
