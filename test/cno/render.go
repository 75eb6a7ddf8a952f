package cno

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"

	netopv1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	core "k8s.io/client-go/applyconfigurations/core/v1"
	meta "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
)

// pluginConfig is the CNI configuration as the operator writes it.
type pluginConfig struct {
	CNIVersion string   `json:"cniVersion"`
	Type       string   `json:"type"`
	Name       string   `json:"name"`
	IP         pluginIP `json:"ip"`
	LogFile    string   `json:"log_file"`
	LogLevel   string   `json:"log_level"`
}

type pluginIP struct {
	Addresses    []string `json:"addresses"`
	Destinations []string `json:"destinations"`
	FallbackIP   string   `json:"fallbackIP,omitempty"` // the plugin knows no such field
	Gateway      string   `json:"gateway"`
}

// ensure applies the router's two objects, or nothing if the router cannot be rendered.
func (o *operator) ensure(ctx context.Context, router *netopv1.EgressRouter) error {
	address, err := usableAddress(router)
	if err != nil {
		return err
	}
	owner := meta.OwnerReference().
		WithAPIVersion(netopv1.GroupVersion.String()).WithKind("EgressRouter").
		WithName(router.Name).WithUID(router.UID).WithController(true)
	nad, err := renderNAD(router, address, owner)
	if err != nil {
		return err
	}
	networks, err := json.Marshal([]nettypes.NetworkSelectionElement{
		{Name: NADName, GatewayRequest: []net.IP{net.ParseIP(address.Gateway)}},
	})
	if err != nil {
		return fmt.Errorf("rendering the pod's networks: %w", err)
	}
	options := []client.ApplyOption{client.FieldOwner(FieldManager), client.ForceOwnership}
	if err := o.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(nad), options...); err != nil {
		return fmt.Errorf("failed to apply / update %s %s/%s: %w", nad.GroupVersionKind(), router.Namespace, NADName, err)
	}
	if err := o.client.Apply(ctx, o.deployment(router.Namespace, string(networks), owner), options...); err != nil {
		return fmt.Errorf("failed to apply / update apps/v1, Kind=Deployment %s/%s: %w", router.Namespace, DeploymentName, err)
	}
	return nil
}

// usableAddress is the first address, the only one that is looked at. The operator asks less than the
// plugin: an IPv6 address, or a gateway off the subnet, passes here and fails on the node.
func usableAddress(router *netopv1.EgressRouter) (netopv1.EgressRouterAddress, error) {
	if len(router.Spec.Addresses) == 0 {
		return netopv1.EgressRouterAddress{}, errors.New("router without addresses")
	}
	address := router.Spec.Addresses[0]
	missing := ""
	if net.ParseIP(address.Gateway) == nil {
		missing = "Gateway"
	}
	if _, _, err := net.ParseCIDR(address.IP); err != nil {
		missing = "Addresses" // the template comes to it first
	}
	if missing != "" {
		return address, fmt.Errorf("failed to render manifests: failed to render file bindata/egress-router/000-nad.yaml: map has no entry for key %q", missing)
	}
	return address, nil
}

func renderNAD(router *netopv1.EgressRouter, address netopv1.EgressRouterAddress, owner *meta.OwnerReferenceApplyConfiguration) (*unstructured.Unstructured, error) {
	redirect := router.Spec.Redirect
	if redirect == nil {
		redirect = &netopv1.RedirectConfig{}
	}
	config, err := json.Marshal(pluginConfig{
		CNIVersion: "0.4.0",
		Type:       "egress-router",
		Name:       NADName,
		IP: pluginIP{
			Addresses:    []string{address.IP},
			Destinations: destinations(redirect.RedirectRules),
			FallbackIP:   redirect.FallbackIP,
			Gateway:      address.Gateway,
		},
		LogFile:  "/tmp/egress-router-log",
		LogLevel: "debug",
	})
	if err != nil {
		return nil, fmt.Errorf("rendering the CNI configuration: %w", err)
	}
	nad := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": nettypes.SchemeGroupVersion.String(),
		"kind":       "NetworkAttachmentDefinition",
		"metadata": map[string]any{
			"namespace": router.Namespace,
			"name":      NADName,
			"ownerReferences": []any{map[string]any{
				"apiVersion": *owner.APIVersion, "kind": *owner.Kind,
				"name": *owner.Name, "uid": string(*owner.UID), "controller": *owner.Controller,
			}},
		},
		"spec": map[string]any{"config": string(config)},
	}}
	return nad, nil
}

// destinations are the rules in the plugin's notation: port, protocol, IP and, if given, target port.
func destinations(rules []netopv1.L4RedirectRule) []string {
	out := make([]string, 0, len(rules)) // not nil: no rules are [], not null
	for _, rule := range rules {
		fields := []string{fmt.Sprint(rule.Port), string(rule.Protocol), rule.DestinationIP}
		if rule.TargetPort != 0 {
			fields = append(fields, fmt.Sprint(rule.TargetPort))
		}
		out = append(out, strings.Join(fields, " "))
	}
	return out
}

// deployment sets what the operator sets and no more, so that strategy, tolerations, node selector and
// restart annotation stay as others set them. Its pods know the gateway, but no rule.
func (o *operator) deployment(namespace, networks string, owner *meta.OwnerReferenceApplyConfiguration) *appsv1.DeploymentApplyConfiguration {
	labels := map[string]string{"app": "egress-router-cni"}
	container := core.Container().
		WithName("egress-router-cni-pod").
		WithImage(o.Image).
		WithCommand("/bin/sh", "-c", "sleep infinity").
		WithTerminationMessagePolicy(corev1.TerminationMessageFallbackToLogsOnError).
		WithResources(core.ResourceRequirements().WithRequests(corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}))
	return appsv1.Deployment(DeploymentName, namespace).
		WithLabels(labels).
		WithOwnerReferences(owner).
		WithSpec(appsv1.DeploymentSpec().
			WithReplicas(1).
			WithSelector(meta.LabelSelector().WithMatchLabels(labels)).
			WithTemplate(core.PodTemplateSpec().
				WithLabels(labels).
				WithAnnotations(map[string]string{nettypes.NetworkAttachmentAnnot: networks}).
				WithSpec(core.PodSpec().WithContainers(container))))
}
