// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {PapyrusDomain} from "../lib/PapyrusDomain.sol";
import {IParticipantRegistry} from "./IParticipantRegistry.sol";

/// Keys of participants with their history; nobody but the account itself can change them.
contract ParticipantRegistry is IParticipantRegistry, PapyrusDomain {
    uint256 public constant ENDPOINT_BYTES_MAX = 512;

    struct Registration {
        address recordKey;
        uint64 registeredAt;
        address operatorKey;
        bytes32 encryptionKey;
        string endpoint;
    }

    struct Serving {
        address account;
        bool isOperator;
    }

    mapping(address account => Registration[]) private registrations;
    /// The account whose latest registration holds the key, for either purpose.
    mapping(address key => Serving) private serving;

    constructor(address channels) PapyrusDomain(channels) {}

    /// @inheritdoc IParticipantRegistry
    function register(Keys calldata keys, bytes calldata recordSignature, bytes calldata operatorSignature)
        external
    {
        uint256 size = bytes(keys.endpoint).length;
        if (size > ENDPOINT_BYTES_MAX) revert EndpointTooLong(size, ENDPOINT_BYTES_MAX);
        Registration[] storage history = registrations[msg.sender];
        rotate(history, keys, recordSignature, operatorSignature);
        Registration storage added = history.push();
        added.recordKey = keys.recordKey;
        added.registeredAt = uint64(block.timestamp);
        added.operatorKey = keys.operatorKey;
        added.encryptionKey = keys.encryptionKey;
        added.endpoint = keys.endpoint;
        emit KeysRegistered(
            msg.sender,
            history.length - 1,
            keys.recordKey,
            keys.operatorKey,
            keys.encryptionKey,
            keys.endpoint
        );
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
    function operatorKeyOf(address account) external view returns (address operatorKey) {
        Registration[] storage history = registrations[account];
        uint256 count = history.length;
        if (count > 0) operatorKey = history[count - 1].operatorKey;
    }

    /// @inheritdoc IParticipantRegistry
    function accountOf(address key) external view returns (address) {
        return serving[key].account;
    }

    /// @inheritdoc IParticipantRegistry
    function operatorAccountOf(address key) external view returns (address) {
        Serving memory one = serving[key];
        return one.isOperator ? one.account : address(0);
    }

    /// @inheritdoc IParticipantRegistry
    function isRegistered(address account) external view returns (bool) {
        Registration[] storage history = registrations[account];
        if (history.length == 0) return false;
        Registration storage last = history[history.length - 1];
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

    /// First both keys go, then both come: a key may change its purpose.
    function rotate(
        Registration[] storage history,
        Keys calldata keys,
        bytes calldata recordSignature,
        bytes calldata operatorSignature
    ) private {
        uint256 nonce = history.length;
        (address recordKey, address operatorKey) = lastKeys(history);
        delete serving[recordKey];
        delete serving[operatorKey];
        claim(keys.recordKey, recordKey, BlockTypedData.RECORD_KEY, nonce, recordSignature);
        claim(keys.operatorKey, operatorKey, BlockTypedData.OPERATOR_KEY, nonce, operatorSignature);
    }

    /// The signature of a key that stays for its purpose is not looked at: it proved itself before.
    function claim(address key, address oldKey, uint8 purpose, uint256 nonce, bytes calldata signature)
        private
    {
        if (key == address(0)) return;
        Serving storage held = serving[key];
        address holder = held.account;
        if (holder != address(0) && holder != msg.sender) revert KeyInUse(key, holder);
        held.account = msg.sender;
        if (purpose == BlockTypedData.OPERATOR_KEY) held.isOperator = true;
        if (key == oldKey) return;
        // By recovery alone: what keys sign is checked by recovery everywhere.
        bytes32 digest = digestOf(BlockTypedData.possessionHash(msg.sender, purpose, nonce));
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (signer != key) revert PossessionNotProven(key, purpose, nonce);
    }

    function lastKeys(Registration[] storage history)
        private
        view
        returns (address recordKey, address operatorKey)
    {
        uint256 count = history.length;
        if (count == 0) return (address(0), address(0));
        Registration storage last = history[count - 1];
        return (last.recordKey, last.operatorKey);
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
