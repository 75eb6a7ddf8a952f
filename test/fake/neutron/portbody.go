package neutron

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// portBody is a port as a client sends it: what is nil was not said.
type portBody struct {
	name, description, deviceID, deviceOwner *string
	mac, networkID, projectID                *string
	adminUp, security                        *bool
	groups                                   *[]string
	fixedIPs                                 *[]FixedIP
	pairs                                    *[]Pair
	pairFields                               []string // which were said of the pairs, for the policy's message
}

// readPort reads {"port": {...}}, with the refusals of Neutron.
func (s *Server) readPort(body []byte, create bool) (*portBody, error) {
	raw, err := readObject(body, "port")
	if err != nil {
		return nil, err
	}
	return s.readPortFields(raw, create)
}

// readObject is what stands under a key of a JSON object.
func readObject(body []byte, key string) (map[string]json.RawMessage, error) {
	var outer map[string]json.RawMessage
	if len(body) > 0 && json.Unmarshal(body, &outer) != nil {
		return nil, badRequest("Body contains invalid data")
	}
	inner, ok := outer[key]
	if !ok || string(inner) == "null" {
		return nil, badRequest("Unable to find '" + key + "' in request body")
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(inner, &object) != nil {
		return nil, badRequest("Object '" + key + "' contains invalid data")
	}
	return object, nil
}

// readPortFields reads the fields in the order of their names, so that of two mistakes always the same is named.
func (s *Server) readPortFields(raw map[string]json.RawMessage, create bool) (*portBody, error) {
	b := &portBody{}
	readers := map[string]func(json.RawMessage) error{
		"name":                  stringTo("name", &b.name),
		"description":           stringTo("description", &b.description),
		"device_id":             stringTo("device_id", &b.deviceID),
		"device_owner":          stringTo("device_owner", &b.deviceOwner),
		"mac_address":           stringTo("mac_address", &b.mac),
		"admin_state_up":        truth(&b.adminUp),
		"port_security_enabled": truth(&b.security),
		"security_groups":       listOf("security_groups", &b.groups),
		"fixed_ips":             listOf("fixed_ips", &b.fixedIPs),
		"allowed_address_pairs": func(value json.RawMessage) error { return s.readPairs(value, b) },
	}
	onCreate := map[string]func(json.RawMessage) error{
		"network_id": stringTo("network_id", &b.networkID),
		"tenant_id":  stringTo("tenant_id", &b.projectID),
		"project_id": stringTo("project_id", &b.projectID),
	}
	if create {
		maps.Copy(readers, onCreate)
	}
	var unknown []string
	names := slices.Sorted(maps.Keys(raw))
	for _, name := range names {
		if readers[name] == nil && (create || onCreate[name] == nil) && !s.readOnly(name) {
			unknown = append(unknown, "'"+name+"'")
		}
	}
	if len(unknown) > 0 {
		return nil, badRequest("Unrecognized attribute(s) " + strings.Join(unknown, ", "))
	}
	for _, name := range names {
		read := readers[name]
		if read == nil {
			if create {
				return nil, badRequest("Attribute '" + name + "' not allowed in POST")
			}
			return nil, badRequest("Cannot update read-only attribute " + name)
		}
		if err := read(raw[name]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// readOnly reports whether a port has that attribute, which nobody writes.
func (s *Server) readOnly(name string) bool {
	_, ok := s.store.ports.attribute(name)
	return ok
}

func stringTo(name string, to **string) func(json.RawMessage) error {
	return func(value json.RawMessage) error {
		if json.Unmarshal(value, to) != nil || *to == nil {
			return badRequest(fmt.Sprintf("Invalid input for %s. Reason: '%s' is not a valid string.", name, value))
		}
		return nil
	}
}

func truth(to **bool) func(json.RawMessage) error {
	return func(value json.RawMessage) error {
		if json.Unmarshal(value, to) != nil || *to == nil {
			return invalidInput("'" + strings.Trim(string(value), `"`) + "' cannot be converted to boolean.")
		}
		return nil
	}
}

// listOf reads a list; null is an empty one.
func listOf[T any](name string, to **[]T) func(json.RawMessage) error {
	return func(value json.RawMessage) error {
		list := []T{}
		if json.Unmarshal(value, &list) != nil {
			return badRequest(fmt.Sprintf("Invalid input for %s. Reason: '%s' is not a list.", name, value))
		}
		*to = &list
		return nil
	}
}
