// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";

/// Keys of participants with their history; nobody but the account itself can change them.
contract ParticipantRegistry is IParticipantRegistry {
    uint256 public constant ENDPOINT_BYTES_MAX = 512;

    struct Registration {
        address recordKey;
        uint64 registeredAt;
        address operatorKey;
        bytes32 encryptionKey;
        string endpoint;
    }

    mapping(address account => Registration[]) private registrations;
    /// Who registered an operator key first; kept when the key is replaced.
    mapping(address operatorKey => address account) private holders;

    /// @inheritdoc IParticipantRegistry
    function register(Keys calldata keys) external {
        uint256 size = bytes(keys.endpoint).length;
        if (size > ENDPOINT_BYTES_MAX) revert EndpointTooLong(size, ENDPOINT_BYTES_MAX);
        claim(keys.operatorKey);
        Registration storage added = registrations[msg.sender].push();
        added.recordKey = keys.recordKey;
        added.registeredAt = uint64(block.timestamp);
        added.operatorKey = keys.operatorKey;
        added.encryptionKey = keys.encryptionKey;
        added.endpoint = keys.endpoint;
        emit KeysRegistered(msg.sender, keys.recordKey, keys.operatorKey, keys.encryptionKey, keys.endpoint);
    }

    /// @inheritdoc IParticipantRegistry
    function currentKeys(address account) external view returns (Keys memory keys, uint64 registeredAt) {
        uint256 count = registrations[account].length;
        if (count > 0) return read(account, count - 1);
    }

    /// @inheritdoc IParticipantRegistry
    function keysAt(address account, uint64 timestamp)
        external
        view
        returns (Keys memory keys, uint64 registeredAt)
    {
        Registration[] storage history = registrations[account];
        // Binary search for the number of registrations strictly before `timestamp`: times never descend.
        uint256 low = 0;
        uint256 high = history.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (history[middle].registeredAt < timestamp) low = middle + 1;
            else high = middle;
        }
        if (low > 0) return read(account, low - 1);
    }

    /// @inheritdoc IParticipantRegistry
    function operatorKeyOf(address account) public view returns (address) {
        uint256 count = registrations[account].length;
        return count == 0 ? address(0) : registrations[account][count - 1].operatorKey;
    }

    /// @inheritdoc IParticipantRegistry
    function indexByOperatorKey(address[] calldata accounts, address operatorKey)
        external
        view
        returns (uint256)
    {
        if (operatorKey == address(0)) return accounts.length;
        for (uint256 i = 0; i < accounts.length; i++) {
            if (operatorKeyOf(accounts[i]) == operatorKey) return i;
        }
        return accounts.length;
    }

    /// @inheritdoc IParticipantRegistry
    function isRegistered(address account) external view returns (bool) {
        uint256 count = registrations[account].length;
        if (count == 0) return false;
        Registration storage last = registrations[account][count - 1];
        return last.recordKey != address(0) && last.operatorKey != address(0) && last.encryptionKey != 0;
    }

    /// @inheritdoc IParticipantRegistry
    function registrationCount(address account) external view returns (uint256) {
        return registrations[account].length;
    }

    /// @inheritdoc IParticipantRegistry
    function registrationAt(address account, uint256 index)
        external
        view
        returns (Keys memory keys, uint64 registeredAt)
    {
        return read(account, index);
    }

    /// A key acts for one account: otherwise a counterparty could register it too, and what the key posts would be
    /// taken for the counterparty's.
    function claim(address operatorKey) private {
        if (operatorKey == address(0)) return;
        address holder = holders[operatorKey];
        if (holder == msg.sender) return;
        if (holder != address(0)) revert OperatorKeyTaken(operatorKey, holder);
        holders[operatorKey] = msg.sender;
    }

    function read(address account, uint256 index)
        private
        view
        returns (Keys memory keys, uint64 registeredAt)
    {
        Registration storage one = registrations[account][index];
        keys = Keys(one.recordKey, one.operatorKey, one.encryptionKey, one.endpoint);
        registeredAt = one.registeredAt;
    }
}
