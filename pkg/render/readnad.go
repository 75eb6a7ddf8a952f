package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// routerPlugin is the type of the CNI plugin that makes an egress router.
const routerPlugin = "egress-router"

// Plugin is one CNI plugin of a NAD's spec.config, whoever wrote it.
type Plugin struct {
	// kind is the name of its program; "" where the config gives none.
	kind string
	// config is the plugin's configuration. Nothing is known of its shape until it is read.
	config json.RawMessage
}

// IsRouter reports whether p is the egress-router plugin.
func (p Plugin) IsRouter() bool { return p.kind == routerPlugin }

// Read fills v, as json.Unmarshal does, with p's configuration.
func (p Plugin) Read(v any) error {
	if err := json.Unmarshal(p.config, v); err != nil {
		return fmt.Errorf("reading the %s plugin in the NAD's config: %w", p.kind, err)
	}
	return nil
}

// Plugins returns the CNI plugins of a NAD's spec.config: those of its list, and the one that the config
// itself is. What is in the list and is not a plugin is left out.
func Plugins(config string) ([]Plugin, error) {
	var list struct {
		Plugins json.RawMessage `json:"plugins"`
	}
	if err := json.Unmarshal([]byte(config), &list); err != nil {
		return nil, fmt.Errorf("reading the NAD's config: %w", err)
	}
	var configs []json.RawMessage
	_ = json.Unmarshal(list.Plugins, &configs) // where it is no list, the config is one plugin's
	var out []Plugin
	for _, text := range append(configs, json.RawMessage(config)) {
		var plugin struct {
			Type any `json:"type"`
		}
		if json.Unmarshal(text, &plugin) == nil {
			name, _ := plugin.Type.(string)
			out = append(out, Plugin{kind: name, config: text})
		}
	}
	return out, nil
}

// ReadRouterPlugin returns the egress-router plugin of a NAD's spec.config.
func ReadRouterPlugin(config string) (Plugin, error) {
	plugins, err := Plugins(config)
	if err != nil {
		return Plugin{}, err
	}
	i := slices.IndexFunc(plugins, Plugin.IsRouter)
	if i < 0 {
		return Plugin{}, errors.New("the NAD's config has no plugin of type " + routerPlugin)
	}
	return plugins[i], nil
}

// ReadNetwork returns what a NAD's spec.config tells the egress-router plugin to do.
func ReadNetwork(config string) (Network, error) {
	p, err := ReadRouterPlugin(config)
	if err != nil {
		return Network{}, err
	}
	var conf struct {
		IP pluginIP `json:"ip"`
	}
	if err := p.Read(&conf); err != nil {
		return Network{}, err
	}
	return Network(conf.IP), nil
}

// ReadMAC returns the MAC that a NAD's spec.config fixes with the tuning plugin, as it is written there; ""
// where it fixes none.
func ReadMAC(config string) string {
	plugins, _ := Plugins(config) // a config that cannot be read fixes none
	for _, p := range plugins {
		var conf struct {
			MAC any `json:"mac"`
		}
		if p.kind != "tuning" || p.Read(&conf) != nil {
			continue
		}
		if mac, ok := conf.MAC.(string); ok {
			return mac
		}
	}
	return ""
}

// ClosesARP reports whether a NAD's spec.config has the tuning plugin turn proxy_arp off.
func ClosesARP(config string) bool {
	plugins, _ := Plugins(config) // a config that cannot be read turns nothing off
	return slices.ContainsFunc(plugins, func(p Plugin) bool {
		var conf struct {
			Sysctl map[string]any `json:"sysctl"`
		}
		return p.kind == "tuning" && p.Read(&conf) == nil && conf.Sysctl[proxyARP] == "0"
	})
}
