# What a fresh machine needs: Go, make and git. "make demo" shows everything, "make test" tests everything
# that needs no root. Both fetch or build the servers that they run against, once.

SHELL := /usr/bin/env bash
GO ?= go
export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo v0.0.0-dev)
LINT := $(GO) tool -modfile=tools/go.mod golangci-lint

.PHONY: help
help: ## Say what the targets are
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/kubectl-egress, and the links by which oc and completion find it
	$(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/kubectl-egress ./cmd/kubectl-egress
	@for name in oc-egress kubectl_complete-egress oc_complete-egress; do ln -sf kubectl-egress bin/$$name; done

.PHONY: test
test: ## Run all tests that need no root, against a real API server
	@assets=$$(GO=$(GO) hack/kube-assets.sh) || exit 1; \
	echo "running the tests against the servers in $$assets"; \
	KUBEBUILDER_ASSETS=$$assets $(GO) test -timeout 30m $(GOTESTFLAGS) ./...
	@GO=$(GO) FUZZTIME=2s hack/fuzz.sh

.PHONY: race
race: ## Run the tests of what works side by side with the race detector; it needs a C compiler
	@assets=$$(GO=$(GO) hack/kube-assets.sh) || exit 1; \
	CGO_ENABLED=1 KUBEBUILDER_ASSETS=$$assets $(GO) test -race -timeout 30m $(GOTESTFLAGS) ./pkg/controller ./pkg/platform/openstack

comma := ,
.PHONY: test-openstack
test-openstack: ## Run the tests against a real Neutron: one that it installs and starts (Debian 12, root), or OS_CLOUD
	@$(if $(OS_CLOUD),,test/neutron/packages.sh)
	@assets=$$(GO=$(GO) hack/kube-assets.sh) || exit 1; \
	echo "running the tests against $(or $(OS_CLOUD),a Keystone and a Neutron of our own)"; \
	KUBEBUILDER_ASSETS=$$assets $(GO) test -timeout 30m -count=1 -p 1 -tags openstack$(if $(OS_CLOUD),$(comma)oscloud) -run 'Real|Conformance|Own|Gives|Neutron' $(GOTESTFLAGS) \
		./test/neutron ./pkg/platform/openstack ./pkg/controller ./test/e2e

.PHONY: test-kubernetes
test-kubernetes: ## Run routers on real nodes, with real traffic (Debian 12, root; about 15 minutes of builds, once)
	@assets=$$(GO=$(GO) hack/kube-assets.sh) && nodes=$$(GO=$(GO) hack/node-assets.sh) || exit 1; \
	KUBEBUILDER_ASSETS=$$assets KUBERNETES_NODE_ASSETS=$$nodes EGRESS_ROUTER_PLUGIN=$(abspath $(EGRESS_ROUTER_PLUGIN)) \
	$(GO) test -tags kubernetes -count=1 -timeout 20m -parallel 4 $(GOTESTFLAGS) ./test/kubernetes

.PHONY: fuzz
fuzz: FUZZTIME ?= 60s
fuzz: ## Feed hostile input to each fuzz target, for FUZZTIME (a minute) each
	@GO=$(GO) FUZZTIME=$(FUZZTIME) hack/fuzz.sh

.PHONY: demo
demo: build ## Show everything that the plugin does, against a real API server
	@assets=$$(GO=$(GO) hack/kube-assets.sh) || exit 1; \
	KUBEBUILDER_ASSETS=$$assets PATH=$$PWD/bin:$$PATH $(GO) run ./test/demo $(DEMOFLAGS)

.PHONY: readme
readme: build ## Write what the demo prints into the README
	@assets=$$(GO=$(GO) hack/kube-assets.sh) || exit 1; \
	KUBEBUILDER_ASSETS=$$assets PATH=$$PWD/bin:$$PATH $(GO) run ./test/demo -update README.md

.PHONY: bench
bench: build ## Compare with kubectl, in pairs in one run
	@$(GO) test -run '^$$' -bench . -benchmem ./pkg/render
	@$(GO) test -run '^$$' -bench . -benchtime 1x ./pkg/platform/openstack ./pkg/platform/vsphere
	@assets=$$(GO=$(GO) hack/kube-assets.sh) || exit 1; \
	KUBEBUILDER_ASSETS=$$assets PATH=$$PWD/bin:$$PATH $(GO) run ./test/bench $(BENCHFLAGS)

.PHONY: lint
lint: ## Run the linters, and find names that are exported for nobody
	$(LINT) run --allow-parallel-runners ./...
	$(GO) run ./hack/exported

# What starts servers: packages all of whose tests do, and tests of other packages.
SERVER_PACKAGES := /test/(apiproxy|cno|e2e|kube|kubelet|kubernetes)$$
SERVER_TESTS := ^Test(Audit|OpenShift|Sync|ThirdPlatform|Vanilla)$$

.PHONY: check
check: lint ## Run the linters and every test that needs no server, for the inner loop
	env -u KUBEBUILDER_ASSETS $(GO) test -skip '$(SERVER_TESTS)' $(GOTESTFLAGS) $$($(GO) list ./... | grep -vE '$(SERVER_PACKAGES)')

.PHONY: docs
docs: ## Write the pages of docs/ that are made from the commands and the catalogue
	$(GO) run ./hack/docs docs
