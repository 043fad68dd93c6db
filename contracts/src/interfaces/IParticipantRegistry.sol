// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Keys of every participant, with their history: msg.sender is the account, which owns the money and is
/// kept cold.
interface IParticipantRegistry {
    /// A zero recordKey or operatorKey is a revoked one.
    struct Keys {
        /// Signs record batches.
        address recordKey;
        /// Posts parts, signs delegations, receipts and requests; moves no money.
        address operatorKey;
        /// X25519 public key.
        bytes32 encryptionKey;
        /// Base URL of the channel node, empty if there is none.
        string endpoint;
    }

    event KeysRegistered(
        address indexed account,
        address recordKey,
        address operatorKey,
        bytes32 encryptionKey,
        string endpoint
    );

    error OperatorKeyTaken(address operatorKey, address account);
    error EndpointTooLong(uint256 bytesGiven, uint256 bytesMax);

    /// Registers or replaces all keys of msg.sender from now on; the history stays. An operator key belongs for good
    /// to the first account that registers it.
    function register(Keys calldata keys) external;

    /// The keys of the latest registration; registeredAt is 0 if there was none.
    function currentKeys(address account) external view returns (Keys memory keys, uint64 registeredAt);

    /// The keys registered STRICTLY before `timestamp` (a change counts from the next block that starts
    /// after it); registeredAt is 0 if there were none.
    function keysAt(address account, uint64 timestamp)
        external
        view
        returns (Keys memory keys, uint64 registeredAt);

    /// The operator key of the latest registration, zero if there is none.
    function operatorKeyOf(address account) external view returns (address);

    /// Index in `accounts` of the one whose current operator key is `operatorKey`; accounts.length if there
    /// is none.
    function indexByOperatorKey(address[] calldata accounts, address operatorKey)
        external
        view
        returns (uint256);

    /// Whether the account has registered and none of its three current keys is zero.
    function isRegistered(address account) external view returns (bool);

    function registrationCount(address account) external view returns (uint256);

    function registrationAt(address account, uint256 index)
        external
        view
        returns (Keys memory keys, uint64 registeredAt);
}
