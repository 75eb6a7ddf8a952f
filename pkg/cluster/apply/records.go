package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// shards is how many ConfigMaps the records are spread over. One takes 1 MiB. A router with the longest names that moves
// takes 127 + 195 bytes, so 10,000 of them take 3.1 MiB: less than 400 KiB in each.
const shards = 8

// RecordName is the name of the ConfigMap that has the record of a router.
func RecordName(router string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(router)) // it never fails
	return shardName(int(h.Sum32() % shards))
}

func shardName(i int) string { return fmt.Sprintf("pairs-%d", i) }

// RecordLabels are those of the ConfigMaps that have records.
func RecordLabels() map[string]string {
	return map[string]string{egress.LabelManagedBy: egress.ManagedByValue, egress.LabelRecord: "openstack"}
}

// recordKey is the key of a router in the data of its ConfigMap: no namespace has a dot in its name.
func recordKey(router string) string { return strings.Replace(router, "/", ".", 1) }

// Records keeps a text for each of some routers, in ConfigMaps of one namespace, which tenants cannot write. It knows what
// was read last, and what it has written since.
type Records struct {
	client    *cluster.Client
	namespace string
	// made hears of what was made, since it was missing; nil: what is missing is an error.
	made func(what string)

	mu sync.Mutex
	// read are the ConfigMaps by name; nil before the first Read.
	read map[string]*corev1.ConfigMap
	err  error
}

// NewRecords makes Records in a namespace. Read comes first.
func NewRecords(c *cluster.Client, namespace string) *Records {
	return &Records{client: c, namespace: namespace, err: errors.New("the records were not read")}
}

// Making has the ConfigMaps made that are missing when something is to be recorded, and made told of it.
func (r *Records) Making(made func(what string)) *Records {
	r.made = made
	return r
}

// Read reads all records, by one list.
func (r *Records) Read(ctx context.Context) error {
	list := cluster.All(cluster.ConfigMaps).Labelled(RecordLabels())
	list.Format = cluster.AsTyped
	found, err := cluster.List[*corev1.ConfigMap](ctx, r.client, list, r.namespace)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("reading what is recorded in namespace %s: %w", r.namespace, list.Explain(err, r.namespace))
		if r.read == nil {
			r.err = err
		}
		return err
	}
	r.read, r.err = map[string]*corev1.ConfigMap{}, nil
	for _, shard := range found {
		r.read[shard.Name] = shard
	}
	return nil
}

// All are the records that are not empty, by router.
func (r *Records) All() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]string{}
	for _, shard := range r.read {
		for key, record := range shard.Data {
			if namespace, name, ok := strings.Cut(key, "."); ok {
				out[cluster.Key(namespace, name)] = record
			}
		}
	}
	return out
}

// Load returns the record of a router; known is false for what is none.
func (r *Records) Load(router string) (record string, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if shard := r.read[RecordName(router)]; shard != nil {
		record = shard.Data[recordKey(router)]
	}
	return record, strings.Contains(router, "/")
}

// Save replaces the records of routers, by one write of each ConfigMap that has any of them; "" removes one. Its errors are
// by router.
func (r *Records) Save(ctx context.Context, records map[string]string) map[string]error {
	byShard := map[string]map[string]string{}
	for router, record := range records {
		name := RecordName(router)
		if byShard[name] == nil {
			byShard[name] = map[string]string{}
		}
		byShard[name][router] = record
	}
	failed := map[string]error{}
	if err := r.ready(ctx, byShard); err != nil {
		for router := range records {
			failed[router] = err
		}
		return failed
	}
	var mu sync.Mutex
	var writing sync.WaitGroup
	for name, some := range byShard {
		writing.Go(func() {
			errs := r.saveIn(ctx, name, some)
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(failed, errs)
		})
	}
	writing.Wait()
	return failed
}

// ready sees to it that the ConfigMaps are there.
func (r *Records) ready(ctx context.Context, names map[string]map[string]string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	for name := range names {
		if r.read[name] != nil {
			continue
		}
		if r.made == nil {
			return fmt.Errorf("ConfigMap %s in namespace %s is not there: apply deploy/sync, which makes it", name, r.namespace)
		}
		return r.makeAll(ctx)
	}
	return nil
}

// keep notes a ConfigMap as it now is.
func (r *Records) keep(object *unstructured.Unstructured) error {
	shard := &corev1.ConfigMap{}
	if err := cluster.Typed(object, shard); err != nil {
		return err
	}
	r.read[shard.Name] = shard
	return nil
}

// saveIn replaces records in one ConfigMap, as it was read. Where it has changed since, those are written that nobody else
// has changed.
func (r *Records) saveIn(ctx context.Context, name string, records map[string]string) map[string]error {
	failed := map[string]error{}
	for router := range records {
		if problems := validation.IsConfigMapKey(recordKey(router)); len(problems) > 0 {
			failed[router] = fmt.Errorf("the name %s cannot be recorded: %s", router, problems[0])
		}
	}
	before := map[string]string{}
	for router := range records {
		before[router], _ = r.Load(router)
	}
	for {
		err := r.patch(ctx, name, records, failed)
		if apierrors.IsConflict(err) {
			if err = r.Read(ctx); err == nil {
				for router, record := range records {
					if now, _ := r.Load(router); now != before[router] && now != record {
						failed[router] = fmt.Errorf("another has recorded something for %s in the meantime: run this again", router)
					}
				}
				continue
			}
		}
		for router := range records {
			if err != nil && failed[router] == nil {
				failed[router] = err
			}
		}
		return failed
	}
}

// patch writes records to a ConfigMap where it is as it was read. Nothing is sent where they all stand.
func (r *Records) patch(ctx context.Context, name string, records map[string]string, without map[string]error) error {
	r.mu.Lock()
	shard := r.read[name]
	r.mu.Unlock()
	if shard == nil {
		return fmt.Errorf("ConfigMap %s in namespace %s is gone: apply deploy/sync, which makes it", name, r.namespace)
	}
	data := map[string]any{}
	for router, record := range records {
		key := recordKey(router)
		switch {
		case without[router] != nil || shard.Data[key] == record:
		case record == "":
			data[key] = nil
		default:
			data[key] = record
		}
	}
	if len(data) == 0 {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"resourceVersion": shard.ResourceVersion}, "data": data})
	if err != nil {
		return fmt.Errorf("writing the records: %w", err)
	}
	var now *unstructured.Unstructured
	err = r.client.Retry(ctx, func() (err error) {
		now, err = r.client.Objects(cluster.ConfigMaps, r.namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: r.client.Manager()})
		return err
	})
	if err != nil {
		return fmt.Errorf("recording in ConfigMap %s: %w", name, cluster.Explain(err, "patch", cluster.ConfigMaps.GVR(), r.namespace))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keep(now)
}
