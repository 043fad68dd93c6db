// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Validators, where they answer and what they guarantee; only the ChannelRegistry locks, unlocks and
/// slashes bonds.
interface IValidatorRegistry {
    struct Validator {
        /// X25519 public key; zero for an account that never registered.
        bytes32 encryptionKey;
        /// Base URL of the validator.
        string endpoint;
        /// Wei, the locked part included.
        uint256 bondWei;
        /// Wei locked by seats whose block is not over yet.
        uint256 lockedWei;
        uint64 registeredAt;
    }

    event ValidatorRegistered(address indexed account, bytes32 encryptionKey, string endpoint);
    event BondAdded(address indexed account, uint256 amount, uint256 bondWei);
    event BondWithdrawn(address indexed account, uint256 amount, uint256 bondWei);
    event BondLocked(address indexed account, uint256 amount);
    event BondUnlocked(address indexed account, uint256 amount);
    event BondSlashed(address indexed account, uint256 amount);

    error ChannelRegistryAlreadySet(address channelRegistry);
    error NotDeployer(address sender);
    error NotChannelRegistry(address sender);
    error EncryptionKeyMissing();
    error ValidatorNotRegistered(address account);
    error BondTooSmall(address account, uint256 freeWei, uint256 neededWei);
    error EndpointTooLong(uint256 bytesGiven, uint256 bytesMax);
    error WeiTransferFailed(address to, uint256 amount);

    /// Once, by the deployer: the only contract that may lock, unlock and slash.
    function setChannelRegistry(address channelRegistry) external;

    /// Registers msg.sender or replaces its key and endpoint; the value sent is added to its bond.
    function register(bytes32 encryptionKey, string calldata endpoint) external payable;

    function addBond() external payable;

    /// Sends unlocked wei of the bond to msg.sender.
    function withdrawBond(uint256 amount) external;

    /// Refuses with BondTooSmall if less than `amount` of the bond is free.
    function lockBond(address account, uint256 amount) external;

    function unlockBond(address account, uint256 amount) external;

    /// Takes `amount` out of the locked bond and sends it to the ChannelRegistry.
    function slashBond(address account, uint256 amount) external;

    function validator(address account) external view returns (Validator memory);

    function channelRegistry() external view returns (address);

    function validatorCount() external view returns (uint256);

    /// Accounts in order of first registration, at most `limit` from `start` on.
    function validatorAccounts(uint256 start, uint256 limit) external view returns (address[] memory);
}
